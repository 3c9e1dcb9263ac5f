#include <algorithm>

#include "estimator/base/error.h"
#include "kernels/conv/forward_algorithms.h"
#include "kernels/layers/lowering.h"

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
  const Window2d& window = conv.window;
  const auto beyond = [](int64_t outputs, int64_t stride, int64_t span, int64_t pad,
                         int64_t extent) {
    return std::max<int64_t>(0, (outputs - 1) * stride + span - pad - extent);
  };
  return {
      window.pad_top, window.pad_left,
      beyond(output.height, window.stride_height, window.span_height(), window.pad_top,
             input.height),
      beyond(output.width, window.stride_width, window.span_width(), window.pad_left, input.width)};
}

}  // namespace wattgrind
