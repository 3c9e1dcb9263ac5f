#include "kernels/gradients/backward.h"
#include "kernels/parts/sweep.h"

namespace wattgrind {
namespace {

// With d the inverse deviation of a channel, w its weight, N the values of the channel in the batch
// and xh = (x - mean) * d:
//   gradient by the bias   b = sum of dy
//   gradient by the weight g = sum of dy * xh
//   gradient by x          dx = w d / N * (N dy - b - xh * g)
// The last is scale * dy + slope * x + offset with numbers of the channel, which stand in scratch.
class BatchNormBackward {
 public:
  BatchNormBackward(std::string name, const BackwardContext& context)
      : context_(context),
        nest_(std::move(name), context.isa),
        channels_{context.input().shape.channels, 1, 1} {}

  LoopNest lower_parameters() && {
    const SweptMap x = map(Operand::kInput, TensorRole::kInput, context_.input());
    const SweptMap dy =
        map(Operand::kOutputGradient, TensorRole::kGradient, context_.output_gradient);
    const Address moments = buffer(Operand::kMoments, TensorRole::kScratch, 2);
    const SweptMap weights = row(buffer(Operand::kWeightGradient, TensorRole::kGradient, 1), 0);
    const SweptMap bias = row(buffer(Operand::kBiasGradient, TensorRole::kGradient, 1), 0);
    Sweep sums(nest_, context_.batch, x.layout.shape, {x, dy, row(moments, 0), weights, bias},
               true);
    sums.add_up(3, 2, [&] {
      const Register gradient = sums.load(1);
      const Register mean = sums.load(2);
      const Register difference = sums.apply(Opcode::kSub, sums.load(0), mean);
      return std::vector{sums.apply(Opcode::kMul, difference, gradient), gradient};
    });
    Sweep scaling(nest_, 1, channels_, {weights, row(moments, 1)}, true);
    scaling.run([&] {
      const Register deviation = scaling.load(1);
      nest_.store(scaling.apply(Opcode::kMul, scaling.load(0), deviation), scaling.at(0));
    });
    return std::move(nest_).finish();
  }

  LoopNest lower_data() && {
    const SweptMap x = map(Operand::kInput, TensorRole::kInput, context_.input());
    const SweptMap dy =
        map(Operand::kOutputGradient, TensorRole::kGradient, context_.output_gradient);
    const SweptMap weights = row(buffer(Operand::kWeights, TensorRole::kWeights, 1), 0);
    const Address moments = buffer(Operand::kMoments, TensorRole::kScratch, 2);
    const SweptMap g = row(buffer(Operand::kWeightGradient, TensorRole::kGradient, 1), 0);
    const SweptMap b = row(buffer(Operand::kBiasGradient, TensorRole::kGradient, 1), 0);
    const Address made = buffer(Operand::kScratch, TensorRole::kScratch, 3);
    const SweptMap scale = row(made, 0), slope = row(made, 1), offset = row(made, 2);
    Sweep numbers(nest_, 1, channels_,
                  {weights, row(moments, 0), row(moments, 1), g, b, scale, slope, offset}, true);
    numbers.run([&] { make_numbers(numbers); });
    const SweptMap dx =
        map(Operand::kInputGradient, TensorRole::kGradient, context_.input_gradient);
    Sweep sweep(nest_, context_.batch, x.layout.shape, {x, dy, scale, slope, offset, dx}, true);
    sweep.run([&] {
      const Register shift = sweep.load(4);
      const Register factor = sweep.load(3);
      const Register line = sweep.apply(Opcode::kMulAdd, sweep.load(0), factor, shift);
      const Register scaling = sweep.load(2);
      nest_.store(sweep.apply(Opcode::kMulAdd, sweep.load(1), scaling, line), sweep.at(5));
    });
    return std::move(nest_).finish();
  }

 private:
  // scale = w d, slope = -scale d g / N, offset = -scale b / N - mean slope.
  void make_numbers(Sweep& sweep) {
    const FeatureShape& shape = context_.input().shape;
    const double share = -1 / static_cast<double>(context_.batch * shape.height * shape.width);
    const Register d = sweep.load(2);
    const Register scale = sweep.apply(Opcode::kMul, sweep.load(0), d);
    const Register shared = sweep.apply(Opcode::kMul, scale, sweep.constant(share));
    const Register sum = sweep.load(3);
    const Register slope = sweep.apply(Opcode::kMul, sweep.apply(Opcode::kMul, shared, d), sum);
    const Register mean_part = sweep.apply(Opcode::kMul, sweep.load(1), slope);
    nest_.store(scale, sweep.at(5));
    nest_.store(slope, sweep.at(6));
    const Register part = sweep.apply(Opcode::kMul, shared, sweep.load(4));
    nest_.store(sweep.apply(Opcode::kSub, part, mean_part), sweep.at(7));
  }

  SweptMap map(Operand operand, TensorRole role, const MapLayout& layout) {
    return {nest_.buffer(operand, role, layout.bytes(context_.batch)), layout};
  }
  Address buffer(Operand operand, TensorRole role, int64_t rows) {
    return nest_.buffer(operand, role,
                        static_cast<uint64_t>(rows * context_.input().channel_bytes()));
  }
  SweptMap row(const Address& rows, int64_t index) const {
    const MapLayout& in = context_.input();
    return {moved(rows, index * in.channel_bytes()), {channels_, in.channel_pitch, {}}, false};
  }

  const BackwardContext& context_;
  NestBuilder nest_;
  const FeatureShape channels_;
};

}  // namespace

LoopNest lower_data_gradient(const BatchNorm&, const BackwardContext& context) {
  return BatchNormBackward("batch_norm_data_gradient", context).lower_data();
}

LoopNest lower_weight_gradient(const BatchNorm&, const BackwardContext& context) {
  return BatchNormBackward("batch_norm_weight_gradient", context).lower_parameters();
}

}  // namespace wattgrind
