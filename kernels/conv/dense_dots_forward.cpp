// A dense layer of few units as dot products of images and units, on weights copied to
// [unit][value] once a batch.
#include "kernels/conv/dot_conv.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/conv/thresholds.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

// The layer as a convolution of one row and a window of one pixel, whose pixels are the images;
// none of maps whose images hold more than their values.
std::optional<DirectConv> images_as_pixels(const ConvProblem& problem) {
  const auto vectors = problem.input.as_vectors();
  if (!problem.is_dense || !vectors) return std::nullopt;
  DirectConv conv;
  conv.group_inputs = vectors->shape.channels;
  conv.group_outputs = problem.group_filters();
  conv.columns = problem.batch;
  conv.input = *vectors;
  conv.output = problem.output;
  conv.output.channel_pitch = problem.output.image_bytes() / kFloatBytes;
  conv.blocks = problem.filter_blocks();
  return conv;
}

std::optional<double> cost(const ConvProblem& problem) {
  const auto conv = images_as_pixels(problem);
  if (!conv || conv->blocks.size() > 1 || !has_lanes_to_fill(problem.isa)) return std::nullopt;
  const auto dots = dot_conv_cost(*conv, problem.isa);
  if (!dots) return std::nullopt;
  const int64_t copies = 2 * conv->taps() * conv->group_outputs;  // loads and stores
  return static_cast<double>(*dots) + static_cast<double>(copies);
}

uint64_t scratch_bytes(const ConvProblem& problem) {
  const auto conv = images_as_pixels(problem);
  return static_cast<uint64_t>(conv->group_outputs * dot_weights_row_bytes(*conv));
}

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  DirectConv conv = *images_as_pixels(problem);
  WeightTranspose transpose;
  transpose.from_blocks = conv.blocks;
  transpose.to_blocks = {{0, 1, static_cast<int>(dot_weights_row_bytes(conv) / kFloatBytes)}};
  transpose.outputs = conv.group_outputs;
  transpose.inputs = conv.group_inputs;
  transpose.from_steps = conv.group_inputs;
  transpose.to_steps = conv.group_outputs;
  transpose.from = operands.weights;
  transpose.to = nest.buffer(Operand::kTransposed, TensorRole::kScratch, scratch_bytes(problem));
  emit_weight_transpose(nest, transpose);
  conv.input_values = operands.input;
  conv.weights = transpose.to;
  conv.bias = operands.bias;
  conv.output_values = operands.output;
  conv.epilogue = operands.epilogue;
  emit_dot_conv(nest, conv);
}

}  // namespace

AlgorithmEntry dense_dots_forward() {
  return {ConvAlgorithm::kDots, kWorthOfCopies, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
