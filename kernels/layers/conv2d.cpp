#include "estimator/base/error.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/conv_phases.h"

namespace wattgrind {

ConvProblem conv2d_problem(const Conv2d& conv, const LayerContext& context) {
  CHECK(context.output.shape.channels == conv.filters, "{} outputs of {} filters",
        context.output.shape.channels, conv.filters);
  ConvProblem problem;
  problem.kind = ConvKind::kForward;
  problem.isa = context.isa;
  problem.batch = context.batch;
  problem.window = conv.window;
  problem.groups = conv.groups;
  problem.input = context.input();
  problem.output = context.output;
  problem.fused = context.fused;
  return problem;
}

LoopNest lower(const Conv2d& conv, const LayerContext& context, ConvAlgorithm algorithm) {
  return lower_by(algorithm, forward_algorithms(), conv2d_problem(conv, context), "conv2d");
}

LoopNest lower(const Conv2d& conv, const LayerContext& context) {
  if (is_depthwise(conv, context.input().shape.channels)) {
    return lower_depthwise_conv2d(conv, context);
  }
  return lower(conv, context, choose_forward_algorithm(conv2d_problem(conv, context)).algorithm);
}

Halo required_halo(const Conv2d& conv, const FeatureShape& input, const FeatureShape& output) {
  return window_halo(conv.window, input, output);
}

}  // namespace wattgrind
