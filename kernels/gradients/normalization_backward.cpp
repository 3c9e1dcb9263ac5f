#include <utility>
#include <vector>

#include "kernels/gradients/backward.h"
#include "kernels/parts/normalized_part.h"
#include "kernels/parts/sweep.h"

namespace wattgrind {
namespace {

// With m and d the mean and the inverse deviation of N values that are normalised together, w a
// value's scale and dz = w dy:
//   gradient by the scale  sum of dy (x - m) d
//   gradient by the shift  sum of dy
//   gradient by x          dx = d dz - d / N * sum of dz - (x - m) d^3 / N * sum of dz (x - m)
class NormalizationBackward {
 public:
  NormalizationBackward(std::string name, const Normalization& norm, const BackwardContext& context)
      : norm_(norm),
        context_(context),
        nest_(std::move(name), context.isa),
        part_(norm.axes.channels, norm.axes.height, norm.axes.width, context.output.shape),
        is_affine_(norm.affine != FeatureShape{}) {}

  LoopNest lower_parameters() && {
    const SweptMap x = map(Operand::kInput, TensorRole::kInput, context_.input());
    const SweptMap dy =
        map(Operand::kOutputGradient, TensorRole::kGradient, context_.output_gradient);
    const std::pair<SweptMap, SweptMap> moments_maps = moments();
    const SweptMap &means = moments_maps.first, &deviations = moments_maps.second;
    const SweptMap scale = parameters(Operand::kWeightGradient, TensorRole::kGradient);
    const SweptMap shift = parameters(Operand::kBiasGradient, TensorRole::kGradient);
    Sweep sums(nest_, context_.batch, x.layout.shape, {x, dy, means, deviations, scale, shift},
               deviations_are_finite());
    sums.add_up(4, 2, [&] {
      const Register gradient = sums.load(1);
      const Register mean = sums.load(2);
      const Register difference = sums.apply(Opcode::kSub, sums.load(0), mean);
      const Register normalized = sums.apply(Opcode::kMul, difference, sums.load(3));
      return std::vector{sums.apply(Opcode::kMul, normalized, gradient), gradient};
    });
    return std::move(nest_).finish();
  }

  LoopNest lower_data() && {
    const SweptMap x = map(Operand::kInput, TensorRole::kInput, context_.input());
    const SweptMap dy =
        map(Operand::kOutputGradient, TensorRole::kGradient, context_.output_gradient);
    const std::pair<SweptMap, SweptMap> moments_maps = moments();
    const SweptMap &means = moments_maps.first, &deviations = moments_maps.second;
    SweptMap scale;
    if (is_affine_) scale = parameters(Operand::kWeights, TensorRole::kWeights);
    const MapLayout layout = part_.moments_layout(context_.input().channel_pitch);
    const uint64_t bytes = parameter_bytes(layout);
    const Address scratch = nest_.buffer(Operand::kScratch, TensorRole::kScratch, 2 * bytes);
    const SweptMap offset{scratch, layout, false};
    const SweptMap slope{moved(scratch, static_cast<int64_t>(bytes)), layout, false};
    const SweptMap dx =
        map(Operand::kInputGradient, TensorRole::kGradient, context_.input_gradient);
    part_.for_each(nest_, context_.batch, [&](const PartPlace& place) {
      std::vector<SweptMap> maps = {place.of(x), place.of(dy), place.of(means), offset, slope};
      if (is_affine_) maps.push_back(place.of(scale));
      add_up(maps);
      const SweptMap deviation = place.of(deviations);
      make_numbers({deviation, offset, slope});
      maps.push_back(deviation);
      maps.push_back(place.of(dx));
      write_gradient(maps);
    });
    return std::move(nest_).finish();
  }

 private:
  enum Map : size_t { kX, kDy, kMean, kOffset, kSlope, kScale };

  Register scaled_gradient(Sweep& sweep) const {
    const Register dy = sweep.load(kDy);
    return is_affine_ ? sweep.apply(Opcode::kMul, dy, sweep.load(kScale)) : dy;
  }

  // Leaves the sums of dz and of dz (x - m) where the part's offset and slope will stand.
  void add_up(const std::vector<SweptMap>& maps) {
    Sweep sums(nest_, 1, part_.shape(), maps, true);
    sums.add_up(kOffset, 2, [&] {
      const Register gradient = scaled_gradient(sums);
      const Register mean = sums.load(kMean);
      const Register difference = sums.apply(Opcode::kSub, sums.load(kX), mean);
      return std::vector{gradient, sums.apply(Opcode::kMul, difference, gradient)};
    });
  }

  // offset = -d / N * sum of dz, slope = -d^3 / N * sum of dz (x - m).
  void make_numbers(const std::vector<SweptMap>& maps) {
    const FeatureShape& moments = maps[1].layout.shape;
    const double share =
        -static_cast<double>(moments.elements()) / static_cast<double>(part_.shape().elements());
    Sweep sweep(nest_, 1, moments, maps, true);
    sweep.run([&] {
      const Register d = sweep.load(0);
      const Register shared = sweep.apply(Opcode::kMul, d, sweep.constant(share));
      nest_.store(sweep.apply(Opcode::kMul, sweep.load(1), shared), sweep.at(1));
      const Register once = sweep.apply(Opcode::kMul, sweep.load(2), d);
      const Register twice = sweep.apply(Opcode::kMul, once, d);
      nest_.store(sweep.apply(Opcode::kMul, twice, shared), sweep.at(2));
    });
  }

  // The deviation and dx stand last among the maps.
  void write_gradient(const std::vector<SweptMap>& maps) {
    const size_t deviation = maps.size() - 2, dx = maps.size() - 1;
    Sweep sweep(nest_, 1, part_.shape(), maps, padding_stays_zero());
    sweep.run([&] {
      const Register mean = sweep.load(kMean);
      const Register difference = sweep.apply(Opcode::kSub, sweep.load(kX), mean);
      const Register offset = sweep.load(kOffset);
      const Register line = sweep.apply(Opcode::kMulAdd, difference, sweep.load(kSlope), offset);
      const Register d = sweep.load(deviation);
      nest_.store(sweep.apply(Opcode::kMulAdd, scaled_gradient(sweep), d, line), sweep.at(dx));
    });
  }

  // Of padding channels too, whose variance is zero.
  bool deviations_are_finite() const { return norm_.epsilon > 0; }
  // A part's offset is added to all its channels.
  bool padding_stays_zero() const { return deviations_are_finite() && !norm_.axes.channels; }

  SweptMap map(Operand operand, TensorRole role, const MapLayout& layout) {
    return {nest_.buffer(operand, role, layout.bytes(context_.batch)), layout};
  }
  SweptMap parameters(Operand operand, TensorRole role) {
    const MapLayout layout = parameter_layout(norm_.affine, context_.output);
    return {nest_.buffer(operand, role, parameter_bytes(layout)), layout, false};
  }
  std::pair<SweptMap, SweptMap> moments() {
    return moments_of_all(nest_, part_, context_.batch, context_.input().channel_pitch);
  }

  const Normalization& norm_;
  const BackwardContext& context_;
  NestBuilder nest_;
  const NormalizedPart part_;
  const bool is_affine_;
};

}  // namespace

LoopNest lower_data_gradient(const Normalization& norm, const BackwardContext& context) {
  return NormalizationBackward("normalization_data_gradient", norm, context).lower_data();
}

LoopNest lower_weight_gradient(const Normalization& norm, const BackwardContext& context) {
  return NormalizationBackward("normalization_weight_gradient", norm, context).lower_parameters();
}

}  // namespace wattgrind
