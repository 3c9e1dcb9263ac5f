#include "estimator/base/error.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/axis_groups.h"

namespace wattgrind {

LoopNest lower_data_gradient(const Reduce& reduce, const BackwardContext& context) {
  const bool is_mean = reduce.function == ReduceFunction::kMean;
  if (!is_mean && reduce.function != ReduceFunction::kSum) {
    CHECK(reduce.function == ReduceFunction::kMax && !reduce.axes.channels,
          "the reduction is untrainable (untrainable.h)");
    const FeatureShape& shape = context.input().shape;
    const int64_t rows = reduce.axes.height ? shape.height : 1;
    const int64_t columns = reduce.axes.width ? shape.width : 1;
    return lower_data_gradient(MaxPool2d{{rows, columns, rows, columns}}, context);
  }
  const MapLayout& in = context.input_gradient;
  const MapLayout& out = context.output_gradient;
  NestBuilder nest("reduce_backward", context.isa);
  const Address output_gradient =
      nest.buffer(Operand::kOutputGradient, TensorRole::kGradient, out.bytes(context.batch));
  const Address input_gradient =
      nest.buffer(Operand::kInputGradient, TensorRole::kGradient, in.bytes(context.batch));
  AxisGroups groups(nest, context.batch, in.shape, reduce.axes);
  groups.each([&](const AxisGroups::Vector& group) {
    Register share = nest.load(group.lanes(), group.folded(output_gradient, out));
    if (is_mean) {
      const float part = 1.0f / static_cast<float>(groups.size());
      share = nest.apply(Opcode::kMul, share, nest.constant(group.lanes(), part));
    }
    const auto shares = groups.spread(share);
    groups.each_value(group, [&](const AxisGroups::Vector& at) {
      nest.store(shares[at.piece()], at.in(input_gradient, in));
    });
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
