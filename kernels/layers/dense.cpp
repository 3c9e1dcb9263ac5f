#include <optional>

#include "kernels/conv/dot_conv.h"
#include "kernels/layers/lowering.h"
#include "kernels/parts/dense_product.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

// The layer as a convolution of one row, whose pixels are the images; none of maps whose images are
// not just their values.
std::optional<DirectConv> images_as_pixels(const Dense& dense, const LayerContext& context) {
  const auto input = context.input().as_vectors();
  if (!input) return std::nullopt;
  DirectConv conv;
  conv.group_inputs = input->shape.channels;
  conv.group_outputs = dense.units;
  conv.columns = context.batch;
  conv.input = *input;
  conv.output = context.output;
  conv.output.channel_pitch = context.output.image_bytes() / kFloatBytes;
  conv.blocks = column_blocks(dense.units, context.isa, Surplus::kPad);
  return conv;
}

// Whether dot products of images and units take so much less, two thirds at most, that the copy of
// the weights, once a batch, is worth it. Tiles aside, so that where a batch takes them every
// larger one does: its buffers are those of smaller ones (kernels/program/training_program.h).
bool takes_dot_products(const DirectConv& conv, Isa isa) {
  const auto dots = dot_conv_cost(conv, isa);
  if (!dots || conv.blocks.size() > 1 || !has_lanes_to_fill(isa)) return false;
  const int64_t copies = 2 * conv.taps() * conv.group_outputs;
  return 3 * (*dots + copies) <= 2 * conv.columns * conv.taps() * conv.blocks[0].vectors;
}

// Weights are copied to [unit][value].
void emit_dot_products(NestBuilder& nest, DirectConv conv) {
  const int64_t row_bytes = dot_weights_row_bytes(conv);
  WeightTranspose transpose;
  transpose.from_blocks = conv.blocks;
  transpose.to_blocks = {{0, 1, static_cast<int>(row_bytes / kFloatBytes)}};
  transpose.outputs = conv.group_outputs;
  transpose.inputs = conv.group_inputs;
  transpose.from_steps = conv.group_inputs;
  transpose.to_steps = conv.group_outputs;
  transpose.from = conv.weights;
  transpose.to = nest.buffer(Operand::kTransposed, TensorRole::kScratch,
                             static_cast<uint64_t>(conv.group_outputs * row_bytes));
  emit_weight_transpose(nest, transpose);
  conv.weights = transpose.to;
  emit_dot_conv(nest, conv);
}

}  // namespace

LoopNest lower(const Dense& dense, const LayerContext& context) {
  NestBuilder nest("dense", context.isa);
  DenseProduct product;
  product.batch = context.batch;
  product.input = context.input();
  product.blocks = column_blocks(dense.units, context.isa, Surplus::kPad);
  product.output_image_bytes = context.output.image_bytes();
  const auto width_bytes = static_cast<uint64_t>(padded_width(product.blocks) * kFloatBytes);
  const auto values = static_cast<uint64_t>(context.input().shape.elements());
  product.input_values =
      moved(nest.buffer(Operand::kInput, TensorRole::kInput, context.input().bytes(context.batch)),
            context.input().pixel_bytes(0, 0));
  product.weights = nest.buffer(Operand::kWeights, TensorRole::kWeights, values * width_bytes);
  product.bias = nest.buffer(Operand::kBias, TensorRole::kBias, width_bytes);
  product.output =
      moved(nest.buffer(Operand::kOutput, TensorRole::kOutput, context.output.bytes(context.batch)),
            context.output.pixel_bytes(0, 0));
  if (auto conv = images_as_pixels(dense, context);
      conv && takes_dot_products(*conv, context.isa)) {
    conv->input_values = product.input_values;
    conv->weights = product.weights;
    conv->bias = product.bias;
    conv->output_values = product.output;
    emit_dot_products(nest, *conv);
  } else {
    emit_dense_product(nest, product);
  }
  return std::move(nest).finish();
}

}  // namespace wattgrind
