#include "kernels/gradients/backward.h"
#include "kernels/parts/axis_groups.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

// With s the sum of dy y over a group, dx = y (dy - s); of the logarithm, with s the sum of dy,
// dx = dy - e^y s.
class SoftmaxBackward {
 public:
  SoftmaxBackward(const Softmax& softmax, const BackwardContext& context)
      : softmax_(softmax),
        context_(context),
        nest_(softmax.log ? "log_softmax_backward" : "softmax_backward", context.isa),
        groups_(nest_, context.batch, context.output.shape, softmax.axes) {}

  LoopNest lower() && {
    const MapLayout& y = context_.output;
    const MapLayout& dy = context_.output_gradient;
    const MapLayout& dx = context_.in_place ? dy : context_.input_gradient;
    const Address output =
        nest_.buffer(Operand::kOutput, TensorRole::kOutput, y.bytes(context_.batch));
    Address from, to;
    if (context_.in_place) {
      from = to = nest_.buffer(Operand::kGradient, TensorRole::kGradient, dy.bytes(context_.batch));
    } else {
      from =
          nest_.buffer(Operand::kOutputGradient, TensorRole::kGradient, dy.bytes(context_.batch));
      to = nest_.buffer(Operand::kInputGradient, TensorRole::kGradient, dx.bytes(context_.batch));
    }
    groups_.each([&](const AxisGroups::Vector& group) {
      const auto load_y = [&](const auto& at) { return nest_.load(at.lanes(), at.in(output, y)); };
      const auto load_dy = [&](const auto& at) { return nest_.load(at.lanes(), at.in(from, dy)); };
      const auto sums = groups_.accumulators(group, 0);
      groups_.each_value(group, [&](const AxisGroups::Vector& at) {
        const Register sum = sums[at.piece()];
        if (softmax_.log) {
          nest_.assign(sum, Opcode::kAdd, sum, load_dy(at));
        } else {
          const Register value = load_y(at);
          nest_.assign(sum, Opcode::kMulAdd, load_dy(at), value, sum);
        }
      });
      const auto spread = groups_.spread(groups_.fold(sums, Opcode::kAdd, Opcode::kReduceAdd));
      groups_.each_value(group, [&](const AxisGroups::Vector& at) {
        const Register slope = load_dy(at);
        nest_.store(gradient(load_y(at), slope, spread[at.piece()]), at.in(to, dx));
      });
    });
    return std::move(nest_).finish();
  }

 private:
  Register gradient(Register y, Register dy, Register sum) {
    if (softmax_.log) {
      return nest_.apply(Opcode::kSub, dy, nest_.apply(Opcode::kMul, emit_exp(nest_, y), sum));
    }
    return nest_.apply(Opcode::kMul, y, nest_.apply(Opcode::kSub, dy, sum));
  }

  const Softmax& softmax_;
  const BackwardContext& context_;
  NestBuilder nest_;
  AxisGroups groups_;
};

}  // namespace

LoopNest lower_data_gradient(const Softmax& softmax, const BackwardContext& context) {
  if (context.with_cross_entropy) return lower_cross_entropy(context);
  return SoftmaxBackward(softmax, context).lower();
}

}  // namespace wattgrind
