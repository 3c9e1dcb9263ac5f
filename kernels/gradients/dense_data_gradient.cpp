// A dense layer's data gradient as products with inputs as columns, on transposed weights.
#include "kernels/gradients/data_gradient.h"
#include "kernels/gradients/dense_segments.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/parts/dense_product.h"
#include "kernels/parts/weight_transpose.h"

namespace wattgrind {
namespace {

// Multiply-adds by full vectors of inputs, and the loads and stores of the transposition.
std::optional<double> cost(const ConvProblem& problem) {
  if (!problem.is_dense) return std::nullopt;
  const int64_t units = problem.group_filters();
  const int64_t copies = 2 * units;
  const int64_t products = problem.batch * units / traits(problem.isa).float_lanes;
  return static_cast<double>(problem.taps()) * static_cast<double>(copies + products);
}

int64_t piece_bytes(const ConvProblem& problem, const Segments& pieces) {
  return problem.group_filters() * pieces.values * kFloatBytes;
}

uint64_t scratch_bytes(const ConvProblem& problem) {
  const Segments pieces = segments(problem.input);
  return static_cast<uint64_t>(pieces.rows * pieces.columns * piece_bytes(problem, pieces));
}

WeightTranspose transpose_of(const ConvProblem& problem, const Segments& pieces) {
  const int64_t steps = problem.taps(), units = problem.group_filters();
  const int64_t bytes = piece_bytes(problem, pieces);
  WeightTranspose transpose;
  transpose.from_blocks = problem.filter_blocks();
  transpose.to_blocks = column_blocks(pieces.values, problem.isa, Surplus::kExact);
  transpose.outputs = units;
  transpose.inputs = pieces.inputs;
  transpose.from_steps = steps;
  transpose.to_steps = units;
  transpose.loops = {{"row", pieces.rows, steps / pieces.rows, 0, pieces.columns * bytes},
                     {"column", pieces.columns, steps / (pieces.rows * pieces.columns), 0, bytes}};
  return transpose;
}

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const MapLayout& in = problem.input;
  const MapLayout& out = problem.output;
  const Segments pieces = segments(in);
  const int64_t bytes = piece_bytes(problem, pieces);
  WeightTranspose transpose = transpose_of(problem, pieces);
  transpose.from = packed_weights(nest, problem);
  transpose.to = nest.buffer(Operand::kTransposed, TensorRole::kScratch, scratch_bytes(problem));
  const GradientMaps maps = gradient_maps(nest, problem);
  emit_weight_transpose(nest, transpose);

  DenseProduct product;
  product.batch = problem.batch;
  product.input = out;
  product.blocks = transpose.to_blocks;
  product.output_image_bytes = in.image_bytes();
  product.start = TileStart::kZero;
  product.input_values = moved(maps.output_gradient, out.pixel_bytes(0, 0));
  const Address first = moved(maps.input_gradient, in.pixel_bytes(0, 0));
  nest.loop("row", pieces.rows, [&](LoopVariable y) {
    nest.loop("column", pieces.columns, [&](LoopVariable x) {
      product.weights = stepped(stepped(transpose.to, y, pieces.columns * bytes), x, bytes);
      product.output = stepped(stepped(first, y, in.row_bytes()), x, in.channel_bytes());
      emit_dense_product(nest, product);
    });
  });
}

}  // namespace

AlgorithmEntry dense_data_gradient() {
  return {ConvAlgorithm::kDirect, Share{}, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
