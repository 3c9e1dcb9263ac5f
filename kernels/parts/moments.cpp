#include "kernels/parts/moments.h"

#include <vector>

namespace wattgrind {
namespace {

void scale_by(NestBuilder& nest, int64_t batch, const SweptMap& map, double factor) {
  Sweep sweep(nest, map.has_images ? batch : 1, map.layout.shape, {map}, true);
  sweep.run([&] {
    const Register share = sweep.constant(factor);
    nest.store(sweep.apply(Opcode::kMul, sweep.load(0), share), sweep.at(0));
  });
}

}  // namespace

int64_t values_a_moment(const SweptMap& moments, int64_t batch, const FeatureShape& shape) {
  return shape.elements() / moments.layout.shape.elements() * (moments.has_images ? 1 : batch);
}

void emit_moments(NestBuilder& nest, int64_t batch, const FeatureShape& shape, const SweptMap& x,
                  const SweptMap& means, const SweptMap& variances) {
  const double share = 1 / static_cast<double>(values_a_moment(means, batch, shape));
  Sweep sums(nest, batch, shape, {x, means}, true);
  sums.add_up(1, 1, [&] { return std::vector{sums.load(0)}; });
  scale_by(nest, batch, means, share);
  const bool padding_differs = means.layout.shape.channels != shape.channels;
  Sweep squares(nest, batch, shape, {x, means, variances}, !padding_differs);
  squares.add_up(2, 1, [&] {
    const Register mean = squares.load(1);
    const Register difference = squares.apply(Opcode::kSub, squares.load(0), mean);
    return std::vector{squares.apply(Opcode::kMul, difference, difference)};
  });
  scale_by(nest, batch, variances, share);
}

Register emit_inverse_deviation(NestBuilder& nest, Register variance, double epsilon) {
  const int lanes = nest.lanes(variance);
  const Register sum =
      nest.apply(Opcode::kAdd, variance, nest.constant(lanes, static_cast<float>(epsilon)));
  const Register deviation = nest.apply(Opcode::kSqrt, sum);
  return nest.apply(Opcode::kDiv, nest.constant(lanes, 1.0f), deviation);
}

}  // namespace wattgrind
