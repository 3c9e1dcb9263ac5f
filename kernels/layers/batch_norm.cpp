#include "kernels/layers/lowering.h"
#include "kernels/parts/moments.h"
#include "kernels/parts/sweep.h"

namespace wattgrind {
namespace {

// y = scale * x + offset, with scale = weight / sqrt(variance + epsilon) and offset = bias - mean *
// scale, which a call makes once.
class BatchNormLowering {
 public:
  BatchNormLowering(const BatchNorm& norm, const LayerContext& context)
      : norm_(norm),
        context_(context),
        nest_("batch_norm", context.isa),
        channels_{context.output.shape.channels, 1, 1} {}

  LoopNest lower() && {
    const MapLayout& in = context_.input();
    const MapLayout& out = context_.output;
    SweptMap input{{}, in}, output{{}, out};
    if (context_.in_place) {
      input.buffer = output.buffer =
          nest_.buffer(Operand::kMap, TensorRole::kOutput, in.bytes(context_.batch));
    } else {
      input.buffer = nest_.buffer(Operand::kInput, TensorRole::kInput, in.bytes(context_.batch));
    }
    const SweptMap weights = row(buffer(Operand::kWeights, TensorRole::kWeights, 1), 0);
    const SweptMap bias = row(buffer(Operand::kBias, TensorRole::kBias, 1), 0);
    const int64_t values = channels_.channels;
    const Address kept = nest_.buffer(Operand::kStatistics, TensorRole::kWeights,
                                      static_cast<uint64_t>(2 * values * kFloatBytes));
    const MapLayout plain{channels_, values, {}};
    const SweptMap means{kept, plain, false};
    const SweptMap variances{moved(kept, values * kFloatBytes), plain, false};
    const Address made = buffer(Operand::kScratch, TensorRole::kScratch, 2);
    const SweptMap scale = row(made, 0), offset = row(made, 1);
    if (context_.training) {
      const Address moments = buffer(Operand::kMoments, TensorRole::kScratch, 2);
      const SweptMap batch_means = row(moments, 0), deviations = row(moments, 1);
      measure(input, batch_means, deviations, means, variances);
      make_scale(weights, bias, batch_means, deviations, true, scale, offset);
    } else {
      make_scale(weights, bias, means, variances, false, scale, offset);
    }
    if (!context_.in_place) {
      output.buffer =
          nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch));
    }
    Sweep sweep(nest_, context_.batch, out.shape, {input, scale, offset, output}, true);
    sweep.run([&] {
      const Register shift = sweep.load(2);
      const Register factor = sweep.load(1);
      nest_.store(sweep.apply(Opcode::kMulAdd, sweep.load(0), factor, shift), sweep.at(3));
    });
    return std::move(nest_).finish();
  }

 private:
  // Rows of one value a channel, with the padding of the input.
  Address buffer(Operand operand, TensorRole role, int64_t rows) {
    return nest_.buffer(operand, role,
                        static_cast<uint64_t>(rows * context_.input().channel_bytes()));
  }
  SweptMap row(const Address& rows, int64_t index) const {
    const MapLayout& in = context_.input();
    return {moved(rows, index * in.channel_bytes()), {channels_, in.channel_pitch, {}}, false};
  }

  // Means and inverse deviations of the batch; the statistics move towards its means and variances.
  void measure(const SweptMap& input, const SweptMap& batch_means, const SweptMap& deviations,
               const SweptMap& means, const SweptMap& variances) {
    emit_moments(nest_, context_.batch, input.layout.shape, input, batch_means, deviations);
    Sweep sweep(nest_, 1, channels_, {batch_means, deviations, means, variances}, false);
    const auto moved_towards = [&](size_t kept, Register measured) {
      const Register rest = sweep.apply(Opcode::kMul, measured, sweep.constant(1 - norm_.momentum));
      const Register momentum = sweep.constant(norm_.momentum);
      nest_.store(sweep.apply(Opcode::kMulAdd, sweep.load(kept), momentum, rest), sweep.at(kept));
    };
    sweep.run([&] {
      const Register variance = sweep.load(1);
      moved_towards(2, sweep.load(0));
      moved_towards(3, variance);
      nest_.store(emit_inverse_deviation(nest_, variance, norm_.epsilon), sweep.at(1));
    });
  }

  // `spread` are variances, or inverse deviations.
  void make_scale(const SweptMap& weights, const SweptMap& bias, const SweptMap& means,
                  const SweptMap& spread, bool is_inverse, const SweptMap& scale,
                  const SweptMap& offset) {
    Sweep sweep(nest_, 1, channels_, {weights, bias, means, spread, scale, offset}, false);
    sweep.run([&] {
      const Register inverse =
          is_inverse ? sweep.load(3) : emit_inverse_deviation(nest_, sweep.load(3), norm_.epsilon);
      const Register factor = sweep.apply(Opcode::kMul, sweep.load(0), inverse);
      const Register shift = sweep.apply(Opcode::kMul, sweep.load(2), factor);
      nest_.store(factor, sweep.at(4));
      nest_.store(sweep.apply(Opcode::kSub, sweep.load(1), shift), sweep.at(5));
    });
  }

  const BatchNorm& norm_;
  const LayerContext& context_;
  NestBuilder nest_;
  const FeatureShape channels_;
};

}  // namespace

LoopNest lower(const BatchNorm& norm, const LayerContext& context) {
  return BatchNormLowering(norm, context).lower();
}

}  // namespace wattgrind
