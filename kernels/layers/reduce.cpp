#include <limits>
#include <string>
#include <utility>
#include <vector>

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

// So many vectors of channels are folded at once: their chains of operations hide each other's
// latency, and lines of the input are read side by side.
constexpr int64_t kVectors = kLatencyHidingSums;

class ReduceLowering {
 public:
  ReduceLowering(const Reduce& reduce, std::string name, const LayerContext& context)
      : function_(reduce.function),
        folds_lanes_(reduce.axes.channels),
        in_(context.input()),
        out_(context.output),
        nest_(std::move(name), context.isa),
        groups_(nest_, context.batch, in_.shape, reduce.axes, kVectors) {
    input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, in_.bytes(context.batch));
    output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, out_.bytes(context.batch));
  }

  LoopNest lower() && {
    const bool is_max = function_ == ReduceFunction::kMax;
    const bool is_min = function_ == ReduceFunction::kMin;
    const Opcode opcode = is_max ? Opcode::kMax : is_min ? Opcode::kMin : Opcode::kAdd;
    const float start = is_max ? -kInfinity : is_min ? kInfinity : 0;
    groups_.each([&](const AxisGroups::Vector& group) {
      std::vector<std::vector<Register>> sums;
      for (int64_t v = 0; v < group.neighbours(); ++v) {
        sums.push_back(groups_.accumulators(group, start));
      }
      groups_.each_value(group, [&](const AxisGroups::Vector& value) {
        for (int64_t v = 0; v < group.neighbours(); ++v) {
          const Register sum = sums[static_cast<size_t>(v)][value.piece()];
          const Register x = nest_.load(value.lanes(), value.neighbour(v).in(input_, in_));
          nest_.assign(sum, opcode, sum, x);
        }
      });
      for (int64_t v = 0; v < group.neighbours(); ++v) {
        nest_.store(result(sums[static_cast<size_t>(v)], opcode),
                    group.neighbour(v).folded(output_, out_));
      }
    });
    return std::move(nest_).finish();
  }

 private:
  Register result(const std::vector<Register>& sums, Opcode opcode) {
    if (function_ == ReduceFunction::kMin && folds_lanes_) {
      return smallest_lane(nest_, groups_, sums);
    }
    const Opcode reduction =
        function_ == ReduceFunction::kMax ? Opcode::kReduceMax : Opcode::kReduceAdd;
    const Register folded = groups_.fold(sums, opcode, reduction);
    if (function_ != ReduceFunction::kMean) return folded;
    const float scale = 1.0f / static_cast<float>(groups_.size());
    return nest_.apply(Opcode::kMul, folded, nest_.constant(nest_.lanes(folded), scale));
  }

  const ReduceFunction function_;
  const bool folds_lanes_;
  const MapLayout& in_;
  const MapLayout& out_;
  NestBuilder nest_;
  AxisGroups groups_;
  Address input_, output_;
};

}  // namespace

LoopNest lower(const Reduce& reduce, const LayerContext& context) {
  return ReduceLowering(reduce, "reduce", context).lower();
}

LoopNest lower(const GlobalAvgPool2d&, const LayerContext& context) {
  const Reduce mean{ReduceFunction::kMean, {.height = true, .width = true}};
  return ReduceLowering(mean, "globalavgpool2d", context).lower();
}

}  // namespace wattgrind
