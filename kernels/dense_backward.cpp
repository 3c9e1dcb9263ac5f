#include "kernels/backward.h"
#include "kernels/dense_product.h"
#include "kernels/weight_transpose.h"

namespace wattgrind {
namespace {

// The input's gradient as pieces of memory without gaps, each the columns of one product.
struct Segments {
  int64_t rows = 1, columns = 1;  // pieces
  int64_t values = 0;             // stored in a piece
  int64_t inputs = 0;             // of them, the first so many are no padding
};

Segments segments(const MapLayout& map) {
  const FeatureShape& shape = map.shape;
  if (map.is_dense()) return {1, 1, shape.elements(), shape.elements()};
  if (map.channel_pitch == shape.channels) {
    return {shape.height, 1, shape.width * shape.channels, shape.width * shape.channels};
  }
  return {shape.height, shape.width, map.channel_pitch, shape.channels};
}

}  // namespace

LoopNest lower_dense_data_gradient(const Dense& dense, const BackwardContext& context) {
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("dense_data_gradient", context.isa);
  const Segments pieces = segments(in);
  const int64_t steps = in.shape.elements();
  const int64_t piece_bytes = dense.units * pieces.values * kFloatBytes;

  WeightTranspose transpose;
  transpose.from_blocks = column_blocks(dense.units, context.isa, Surplus::kPad);
  transpose.to_blocks = column_blocks(pieces.values, context.isa, Surplus::kExact);
  transpose.outputs = dense.units;
  transpose.inputs = pieces.inputs;
  transpose.from_steps = steps;
  transpose.to_steps = dense.units;
  transpose.loops = {
      {"row", pieces.rows, steps / pieces.rows, 0, pieces.columns * piece_bytes},
      {"column", pieces.columns, steps / (pieces.rows * pieces.columns), 0, piece_bytes}};
  transpose.from =
      nest.buffer("weights", TensorRole::kWeights,
                  static_cast<uint64_t>(steps * padded_width(transpose.from_blocks) * kFloatBytes));
  transpose.to = nest.buffer("transposed", TensorRole::kScratch,
                             static_cast<uint64_t>(pieces.rows * pieces.columns * piece_bytes));
  const Address output_gradient =
      nest.buffer("output_gradient", TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer("input_gradient", TensorRole::kGradient, in.bytes(context.batch));
  emit_weight_transpose(nest, transpose);

  DenseProduct product;
  product.batch = context.batch;
  product.input = out;
  product.blocks = transpose.to_blocks;
  product.output_image_bytes = in.image_bytes();
  product.start = TileStart::kZero;
  product.input_values = moved(output_gradient, out.pixel_bytes(0, 0));
  nest.loop("row", pieces.rows, [&](LoopVariable y) {
    nest.loop("column", pieces.columns, [&](LoopVariable x) {
      product.weights =
          stepped(stepped(transpose.to, y, pieces.columns * piece_bytes), x, piece_bytes);
      product.output =
          stepped(stepped(moved(input_gradient, in.pixel_bytes(0, 0)), y, in.row_bytes()), x,
                  in.channel_bytes());
      emit_dense_product(nest, product);
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
