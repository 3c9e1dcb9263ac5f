// A dense layer's way forward as one product: images are its rows, and units its columns.
#include "kernels/conv/forward_algorithms.h"
#include "kernels/conv/forward_conv.h"
#include "kernels/parts/dense_product.h"

namespace wattgrind {
namespace {

// Tiles that are too small to hide the latency of their multiply-adds count as they are, so that an
// algorithm that is taken for a batch is taken for every larger one: a smaller batch works on the
// buffers of a larger one (kernels/program/training_program.h).
std::optional<double> cost(const ConvProblem& problem) {
  if (!problem.is_dense) return std::nullopt;
  int64_t vectors = 0;
  for (const ColumnBlock& block : problem.filter_blocks()) vectors += block.vectors;
  return static_cast<double>(problem.batch) * static_cast<double>(problem.taps() * vectors);
}

uint64_t scratch_bytes(const ConvProblem&) { return 0; }

void emit(NestBuilder& nest, const ConvProblem& problem) {
  const ForwardOperands operands = forward_operands(nest, problem);
  DenseProduct product;
  product.batch = problem.batch;
  product.input = problem.input;
  product.blocks = problem.filter_blocks();
  product.output_image_bytes = problem.output.image_bytes();
  product.input_values = operands.input;
  product.weights = operands.weights;
  product.bias = operands.bias;
  product.output = operands.output;
  product.epilogue = operands.epilogue;
  product.prefetches =
      ahead_bytes(problem, static_cast<int64_t>(problem.packed_weights_bytes())) > 0;
  emit_dense_product(nest, product);
}

}  // namespace

AlgorithmEntry dense_forward() {
  return {ConvAlgorithm::kDirect, Share{}, cost, scratch_bytes, emit};
}

}  // namespace wattgrind
