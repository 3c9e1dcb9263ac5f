#include <utility>
#include <vector>

#include "kernels/layers/lowering.h"
#include "kernels/parts/moments.h"
#include "kernels/parts/normalized_part.h"
#include "kernels/parts/sweep.h"

namespace wattgrind {
namespace {

class NormalizationLowering {
 public:
  NormalizationLowering(const Normalization& norm, const LayerContext& context)
      : norm_(norm),
        context_(context),
        nest_("normalization", context.isa),
        part_{norm.axes.channels, norm.axes.height, norm.axes.width, context.output.shape} {}

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
    const bool is_affine = norm_.affine != FeatureShape{};
    const MapLayout affine = is_affine ? parameter_layout(norm_.affine, out) : MapLayout{};
    SweptMap scale{{}, affine, false}, shift{{}, affine, false};
    if (is_affine) {
      scale.buffer = nest_.buffer(Operand::kWeights, TensorRole::kWeights, parameter_bytes(affine));
      shift.buffer = nest_.buffer(Operand::kBias, TensorRole::kBias, parameter_bytes(affine));
    }
    const std::pair<SweptMap, SweptMap> moments_maps = moments();
    const SweptMap &means = moments_maps.first, &deviations = moments_maps.second;
    if (!context_.in_place) {
      output.buffer =
          nest_.buffer(Operand::kOutput, TensorRole::kOutput, out.bytes(context_.batch));
    }
    part_.for_each(nest_, context_.batch, [&](const PartPlace& place) {
      const SweptMap mean = place.of(means), deviation = place.of(deviations);
      measure(place.of(input), mean, deviation);
      std::vector<SweptMap> maps = {place.of(input), mean, deviation, place.of(output)};
      if (is_affine) {
        maps.push_back(place.of(scale));
        maps.push_back(place.of(shift));
      }
      normalize(maps, is_affine);
    });
    return std::move(nest_).finish();
  }

 private:
  // Means and inverse deviations: of one part in scratch memory or, in training, of all of them.
  std::pair<SweptMap, SweptMap> moments() {
    const int64_t pitch = context_.input().channel_pitch;
    if (context_.training) return moments_of_all(nest_, part_, context_.batch, pitch);
    const MapLayout layout = part_.moments_layout(pitch);
    const uint64_t bytes = parameter_bytes(layout);
    const Address scratch = nest_.buffer(Operand::kScratch, TensorRole::kScratch, 2 * bytes);
    return {{scratch, layout, false}, {moved(scratch, static_cast<int64_t>(bytes)), layout, false}};
  }

  void measure(const SweptMap& input, const SweptMap& means, const SweptMap& deviations) {
    emit_moments(nest_, 1, part_.shape(), input, means, deviations);
    Sweep sweep(nest_, 1, deviations.layout.shape, {deviations}, true);
    sweep.run([&] {
      nest_.store(emit_inverse_deviation(nest_, sweep.load(0), norm_.epsilon), sweep.at(0));
    });
  }

  void normalize(const std::vector<SweptMap>& maps, bool is_affine) {
    Sweep sweep(nest_, 1, part_.shape(), maps, padding_stays_zero());
    sweep.run([&] {
      const Register mean = sweep.load(1);
      const Register difference = sweep.apply(Opcode::kSub, sweep.load(0), mean);
      Register y = sweep.apply(Opcode::kMul, difference, sweep.load(2));
      if (is_affine) {
        const Register shift = sweep.load(5);
        y = sweep.apply(Opcode::kMulAdd, y, sweep.load(4), shift);
      }
      nest_.store(y, sweep.at(3));
    });
  }

  // In padding channels scale and shift are zero, if they are numbers of channels; else means are,
  // if they are.
  bool padding_stays_zero() const {
    if (norm_.epsilon == 0) return false;
    const bool is_affine = norm_.affine != FeatureShape{};
    return is_affine ? norm_.affine.channels == context_.output.shape.channels
                     : !norm_.axes.channels;
  }

  const Normalization& norm_;
  const LayerContext& context_;
  NestBuilder nest_;
  const NormalizedPart part_;
};

}  // namespace

LoopNest lower(const Normalization& norm, const LayerContext& context) {
  return NormalizationLowering(norm, context).lower();
}

}  // namespace wattgrind
