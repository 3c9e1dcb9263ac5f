#include "estimator/base/error.h"
#include "estimator/network/window.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/conv_phases.h"
#include "kernels/layout/tiling.h"
#include "kernels/parts/pool_windows.h"

namespace wattgrind {
namespace {

// Makes the pooling that the last fused layer is, if it is one, the problem's: the layer's map is
// then the pooled one, and the convolution's own lies in scratch memory without a halo.
void take_pooling(const Conv2d& conv, const LayerContext& context, ConvProblem& problem) {
  if (context.fused.empty()) return;
  const auto window = pooling_of(context.fused.back().operation);
  if (!window) return;
  problem.fused.pop_back();
  const FeatureShape map = slide(conv.window, conv.filters, context.input().shape);
  const int64_t width = padded_width(problem.filter_blocks());
  problem.output = {map, problem.groups == 1 ? width : conv.filters, {}};
  problem.pool = *window;
  problem.pool->input = problem.output;
  problem.pool->output = context.output;
}

}  // namespace

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
  problem.prefetches = context.prefetches_weights;
  take_pooling(conv, context, problem);
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
