#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"
#include "kernels/gradients/gradient_algorithms.h"

namespace wattgrind {
namespace {

ConvProblem gradient_problem(ConvKind kind, const Dense& dense, const MapLayout& input,
                             const BackwardContext& context) {
  CHECK(context.output_gradient.shape.channels == dense.units, "{} outputs of {} units",
        context.output_gradient.shape.channels, dense.units);
  ConvProblem problem;
  problem.kind = kind;
  problem.isa = context.isa;
  problem.batch = context.batch;
  problem.is_dense = true;
  problem.window = whole_map_window(input.shape);
  problem.input = input;
  problem.output = context.output_gradient;
  return problem;
}

}  // namespace

ConvProblem dense_data_gradient_problem(const Dense& dense, const BackwardContext& context) {
  return gradient_problem(ConvKind::kDataGradient, dense, context.input_gradient, context);
}

// A map without gaps is read as a vector: its taps are a single run then.
ConvProblem dense_weight_gradient_problem(const Dense& dense, const BackwardContext& context) {
  return gradient_problem(ConvKind::kWeightGradient, dense,
                          context.input().as_vectors().value_or(context.input()), context);
}

LoopNest lower_data_gradient(const Dense& dense, const BackwardContext& context,
                             ConvAlgorithm algorithm) {
  return lower_by(algorithm, data_gradient_algorithms(),
                  dense_data_gradient_problem(dense, context), "dense_data_gradient");
}

LoopNest lower_data_gradient(const Dense& dense, const BackwardContext& context) {
  const ConvProblem problem = dense_data_gradient_problem(dense, context);
  return lower_data_gradient(dense, context, choose_data_gradient_algorithm(problem).algorithm);
}

LoopNest lower_weight_gradient(const Dense& dense, const BackwardContext& context,
                               ConvAlgorithm algorithm) {
  return lower_by(algorithm, weight_gradient_algorithms(),
                  dense_weight_gradient_problem(dense, context), "dense_weight_gradient");
}

LoopNest lower_weight_gradient(const Dense& dense, const BackwardContext& context) {
  const ConvProblem problem = dense_weight_gradient_problem(dense, context);
  return lower_weight_gradient(dense, context, choose_weight_gradient_algorithm(problem).algorithm);
}

}  // namespace wattgrind
