#include "estimator/base/error.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/layers/lowering.h"

namespace wattgrind {

ConvProblem dense_problem(const Dense& dense, const LayerContext& context) {
  CHECK(context.output.shape.channels == dense.units, "{} outputs of {} units",
        context.output.shape.channels, dense.units);
  ConvProblem problem;
  problem.kind = ConvKind::kForward;
  problem.isa = context.isa;
  problem.batch = context.batch;
  problem.is_dense = true;
  problem.window = whole_map_window(context.input().shape);
  problem.input = context.input();
  problem.output = context.output;
  problem.fused = context.fused;
  problem.prefetches = context.prefetches_weights;
  return problem;
}

LoopNest lower(const Dense& dense, const LayerContext& context, ConvAlgorithm algorithm) {
  return lower_by(algorithm, forward_algorithms(), dense_problem(dense, context), "dense");
}

LoopNest lower(const Dense& dense, const LayerContext& context) {
  return lower(dense, context, choose_forward_algorithm(dense_problem(dense, context)).algorithm);
}

}  // namespace wattgrind
