#include <limits>

#include "kernels/layers/lowering.h"
#include "kernels/parts/axis_groups.h"

namespace wattgrind {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The smallest value is the negative of the largest negative: no instruction of a nest finds the
// smallest lane.
Register smallest_lane(NestBuilder& nest, AxisGroups& groups, std::vector<Register> accumulators) {
  const auto negated = [&](Register value) {
    return nest.apply(Opcode::kSub, nest.constant(nest.lanes(value), 0), value);
  };
  for (Register& accumulator : accumulators) accumulator = negated(accumulator);
  return negated(groups.fold(accumulators, Opcode::kMax, Opcode::kReduceMax));
}

}  // namespace

LoopNest lower(const Reduce& reduce, const LayerContext& context) {
  const MapLayout& in = context.input();
  const MapLayout& out = context.output;
  NestBuilder nest("reduce", context.isa);
  const Address input = nest.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context.batch));
  const Address output =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context.batch));
  const bool is_max = reduce.function == ReduceFunction::kMax;
  const bool is_min = reduce.function == ReduceFunction::kMin;
  const Opcode opcode = is_max ? Opcode::kMax : is_min ? Opcode::kMin : Opcode::kAdd;
  AxisGroups groups(nest, context.batch, in.shape, reduce.axes);
  groups.each([&](const AxisGroups::Vector& group) {
    const auto sums = groups.accumulators(group, is_max ? -kInfinity : is_min ? kInfinity : 0);
    groups.each_value(group, [&](const AxisGroups::Vector& value) {
      const Register sum = sums[value.piece()];
      nest.assign(sum, opcode, sum, nest.load(value.lanes(), value.in(input, in)));
    });
    Register result =
        is_min && reduce.axes.channels
            ? smallest_lane(nest, groups, sums)
            : groups.fold(sums, opcode, is_max ? Opcode::kReduceMax : Opcode::kReduceAdd);
    if (reduce.function == ReduceFunction::kMean) {
      const float scale = 1.0f / static_cast<float>(groups.size());
      result = nest.apply(Opcode::kMul, result, nest.constant(nest.lanes(result), scale));
    }
    nest.store(result, group.folded(output, out));
  });
  return std::move(nest).finish();
}

}  // namespace wattgrind
