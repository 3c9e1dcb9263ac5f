// Gradients of normalisations against finite differences of the obvious computation in double
// precision.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

using Values = std::vector<double>;

Values doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }

// The sum of dy * y of a batch normalisation that measures the batch.
double batch_norm_loss(const BatchNorm& norm, const FeatureShape& shape, int64_t batch,
                       const Values& x, const Values& weights, const Values& bias,
                       const Values& dy) {
  const int64_t pixels = shape.height * shape.width;
  double loss = 0;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const auto for_each = [&](const auto& visit) {
      for (int64_t i = 0; i < batch * pixels; ++i) {
        visit(static_cast<size_t>((i / pixels * shape.channels + c) * pixels + i % pixels));
      }
    };
    const auto count = static_cast<double>(batch * pixels);
    double mean = 0, variance = 0;
    for_each([&](size_t i) { mean += x[i] / count; });
    for_each([&](size_t i) { variance += (x[i] - mean) * (x[i] - mean) / count; });
    const auto channel = static_cast<size_t>(c);
    for_each([&](size_t i) {
      loss += dy[i] * (weights[channel] * (x[i] - mean) / std::sqrt(variance + norm.epsilon) +
                       bias[channel]);
    });
  }
  return loss;
}

void expect_slopes(std::span<const float> found, Values& values,
                   const std::function<double()>& loss, const std::string& what) {
  constexpr double kStep = 1e-5;
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + kStep;
    const double high = loss();
    values[i] = value - kStep;
    const double low = loss();
    values[i] = value;
    const double wanted = (high - low) / (2 * kStep);
    ASSERT_NEAR(found[i], wanted, 2e-5 * (1 + std::abs(wanted))) << what << " " << i;
  }
}

void check_batch_norm(const FeatureShape& shape, int64_t pitch, int64_t batch,
                      const Target& target) {
  const BatchNorm norm{.epsilon = 1e-2};
  const std::string what =
      fmt::format("{}, pitch {}, {}", to_string(shape), pitch, traits(target.isa).name);
  const MapLayout in{shape, pitch, {1, 0, 0, 1}}, out{shape, pitch, {}};
  const MapLayout dx{shape, pitch, {0, 1, 1, 0}}, dy{shape, pitch, {1, 1, 0, 2}};
  const auto count = static_cast<size_t>(batch * shape.elements());
  const auto channels = static_cast<size_t>(shape.channels);
  const auto input = random_values(count, 1), gradient = random_values(count, 2);
  const auto scales = random_values(channels, 3);
  LayerContext forward{target.isa, batch, {in}, out};
  forward.training = true;
  NestRun layer(lower(norm, forward));
  layer.write_map(Operand::kInput, in, batch, input);
  std::ranges::copy(scales, layer.buffer(Operand::kWeights).begin());
  layer.run(target.fuse);

  const BackwardContext context{target.isa, batch, {in}, out, 0, dx, dy};
  NestRun by_parameters(lower_weight_gradient(norm, context));
  NestRun by_data(lower_data_gradient(norm, context));
  for (NestRun* run : {&by_parameters, &by_data}) {
    run->write_map(Operand::kInput, in, batch, input);
    run->write_map(Operand::kOutputGradient, dy, batch, gradient);
    std::ranges::copy(layer.buffer(Operand::kMoments), run->buffer(Operand::kMoments).begin());
  }
  const auto weights = by_parameters.buffer(Operand::kWeightGradient);
  const auto bias = by_parameters.buffer(Operand::kBiasGradient);
  std::ranges::fill(weights, 7.0f);  // what was there before does not matter
  by_parameters.run(target.fuse);
  std::ranges::copy(scales, by_data.buffer(Operand::kWeights).begin());
  std::ranges::copy(weights, by_data.buffer(Operand::kWeightGradient).begin());
  std::ranges::copy(bias, by_data.buffer(Operand::kBiasGradient).begin());
  by_data.run(target.fuse);

  Values x = doubles(input), w = doubles(scales), b(channels, 0);
  const Values g = doubles(gradient);
  const auto loss = [&] { return batch_norm_loss(norm, shape, batch, x, w, b, g); };
  expect_slopes(by_data.read_map(Operand::kInputGradient, dx, batch), x, loss, what + ", input");
  expect_slopes(weights, w, loss, what + ", weights");
  expect_slopes(bias, b, loss, what + ", bias");
  EXPECT_TRUE(by_data.surroundings_are_zero(Operand::kInputGradient, dx, batch)) << what;
  for (size_t i = channels; i < weights.size(); ++i) EXPECT_EQ(weights[i], 0) << what;
}

TEST(BatchNormBackward, FiniteDifferences) {
  for (const Target& target : targets()) {
    check_batch_norm({1, 3, 4}, 1, 3, target);
    check_batch_norm({3, 3, 4}, 3, 2, target);
    check_batch_norm({6, 3, 4}, 8, 2, target);
    check_batch_norm({37, 2, 1}, 37, 2, target);
    check_batch_norm({70, 1, 1}, 80, 5, target);
  }
}

}  // namespace
}  // namespace wattgrind
