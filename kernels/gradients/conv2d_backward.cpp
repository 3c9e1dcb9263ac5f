#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"
#include "kernels/gradients/gradient_algorithms.h"
#include "kernels/layout/conv_phases.h"

namespace wattgrind {
namespace {

ConvProblem gradient_problem(ConvKind kind, const Conv2d& conv, const BackwardContext& context) {
  CHECK(context.output_gradient.shape.channels == conv.filters, "{} outputs of {} filters",
        context.output_gradient.shape.channels, conv.filters);
  ConvProblem problem;
  problem.kind = kind;
  problem.isa = context.isa;
  problem.batch = context.batch;
  problem.window = conv.window;
  problem.groups = conv.groups;
  problem.input = kind == ConvKind::kDataGradient ? context.input_gradient : context.input();
  problem.output = context.output_gradient;
  return problem;
}

}  // namespace

ConvProblem conv2d_data_gradient_problem(const Conv2d& conv, const BackwardContext& context) {
  return gradient_problem(ConvKind::kDataGradient, conv, context);
}

ConvProblem conv2d_weight_gradient_problem(const Conv2d& conv, const BackwardContext& context) {
  return gradient_problem(ConvKind::kWeightGradient, conv, context);
}

LoopNest lower_data_gradient(const Conv2d& conv, const BackwardContext& context,
                             ConvAlgorithm algorithm) {
  return lower_by(algorithm, data_gradient_algorithms(),
                  conv2d_data_gradient_problem(conv, context), "conv2d_data_gradient");
}

LoopNest lower_data_gradient(const Conv2d& conv, const BackwardContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return lower_depthwise_conv2d_data_gradient(conv, context);
  }
  const ConvProblem problem = conv2d_data_gradient_problem(conv, context);
  return lower_data_gradient(conv, context, choose_data_gradient_algorithm(problem).algorithm);
}

LoopNest lower_weight_gradient(const Conv2d& conv, const BackwardContext& context,
                               ConvAlgorithm algorithm) {
  return lower_by(algorithm, weight_gradient_algorithms(),
                  conv2d_weight_gradient_problem(conv, context), "conv2d_weight_gradient");
}

LoopNest lower_weight_gradient(const Conv2d& conv, const BackwardContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return lower_depthwise_conv2d_weight_gradient(conv, context);
  }
  const ConvProblem problem = conv2d_weight_gradient_problem(conv, context);
  return lower_weight_gradient(conv, context, choose_weight_gradient_algorithm(problem).algorithm);
}

Halo required_gradient_halo(const Conv2d& conv, const FeatureShape& input,
                            const FeatureShape& output) {
  return phases_halo(conv.window, input, output);
}

}  // namespace wattgrind
