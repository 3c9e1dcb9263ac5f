#include <limits>

#include "kernels/layers/lowering.h"
#include "kernels/parts/axis_groups.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

class SoftmaxLowering {
 public:
  SoftmaxLowering(const Softmax& softmax, const LayerContext& context)
      : softmax_(softmax),
        in_(context.input()),
        out_(context.output),
        nest_(softmax.log ? "log_softmax" : "softmax", context.isa),
        groups_(nest_, context.batch, context.input().shape, softmax.axes) {
    if (context.in_place) {
      input_ = output_ = nest_.buffer(Operand::kMap, TensorRole::kOutput, in_.bytes(context.batch));
    } else {
      input_ = nest_.buffer(Operand::kInput, TensorRole::kInput, in_.bytes(context.batch));
      output_ = nest_.buffer(Operand::kOutput, TensorRole::kOutput, out_.bytes(context.batch));
    }
  }

  LoopNest lower() && {
    groups_.each([&](const Vector& group) {
      const auto largest =
          groups_.spread(fold(group, Opcode::kMax, Opcode::kReduceMax, -kInfinity,
                              [&](const Vector& at) { return load(at, input_, in_); }));
      softmax_.log ? lower_logarithm(group, largest) : lower_group(group, largest);
    });
    return std::move(nest_).finish();
  }

 private:
  using Vector = AxisGroups::Vector;
  using Spread = std::vector<Register>;  // by length of vector

  static constexpr float kInfinity = std::numeric_limits<float>::infinity();

  void lower_group(const Vector& group, const Spread& largest) {
    groups_.each_value(group, [&](const Vector& at) {
      nest_.store(emit_exp(nest_, shifted(at, largest)), at.in(output_, out_));
    });
    const Register sum = fold(group, Opcode::kAdd, Opcode::kReduceAdd, 0,
                              [&](const Vector& at) { return load(at, output_, out_); });
    const Spread scale =
        groups_.spread(nest_.apply(Opcode::kDiv, nest_.constant(nest_.lanes(sum), 1.0f), sum));
    groups_.each_value(group, [&](const Vector& at) {
      const Register x = load(at, output_, out_);
      nest_.store(nest_.apply(Opcode::kMul, x, scale[at.piece()]), at.in(output_, out_));
    });
  }

  void lower_logarithm(const Vector& group, const Spread& largest) {
    const Register sum = fold(group, Opcode::kAdd, Opcode::kReduceAdd, 0, [&](const Vector& at) {
      return emit_exp(nest_, shifted(at, largest));
    });
    const Spread logarithm = groups_.spread(emit_log(nest_, sum));
    groups_.each_value(group, [&](const Vector& at) {
      const Register y = nest_.apply(Opcode::kSub, shifted(at, largest), logarithm[at.piece()]);
      nest_.store(y, at.in(output_, out_));
    });
  }

  Register load(const Vector& at, const Address& map, const MapLayout& layout) {
    return nest_.load(at.lanes(), at.in(map, layout));
  }

  Register shifted(const Vector& at, const Spread& largest) {
    return nest_.apply(Opcode::kSub, load(at, input_, in_), largest[at.piece()]);
  }

  template <typename Value>
  Register fold(const Vector& group, Opcode opcode, Opcode reduction, float start,
                const Value& value) {
    const auto accumulators = groups_.accumulators(group, start);
    groups_.each_value(group, [&](const Vector& at) {
      const Register accumulator = accumulators[at.piece()];
      nest_.assign(accumulator, opcode, accumulator, value(at));
    });
    return groups_.fold(accumulators, opcode, reduction);
  }

  const Softmax& softmax_;
  const MapLayout& in_;
  const MapLayout& out_;
  NestBuilder nest_;
  AxisGroups groups_;
  Address input_, output_;
};

}  // namespace

LoopNest lower(const Softmax& softmax, const LayerContext& context) {
  return SoftmaxLowering(softmax, context).lower();
}

}  // namespace wattgrind
