// Gradients of normalisations against finite differences of the obvious computation in double
// precision.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "kernels/gradients/backward.h"
#include "kernels/layers/lowering.h"
#include "kernels/layout/packing.h"
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

// Calls visit(i, group, parameter) for every value of a batch: which of the groups that are
// normalised together it belongs to, and its scale and shift.
template <typename Visit>
void for_each_normalized(const Normalization& norm, const FeatureShape& shape, int64_t batch,
                         const Visit& visit) {
  const MapAxes& axes = norm.axes;
  const FeatureShape& affine = norm.affine;
  size_t i = 0;
  for (int64_t n = 0; n < batch; ++n) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      for (int64_t y = 0; y < shape.height; ++y) {
        for (int64_t x = 0; x < shape.width; ++x) {
          const int64_t channel = axes.channels ? 0 : c, row = axes.height ? 0 : y;
          const int64_t group = ((n * shape.channels + channel) * shape.height + row) * shape.width;
          const int64_t own_channel = affine.channels == 1 ? 0 : c;
          const int64_t own_row = affine.height == 1 ? 0 : y;
          const int64_t own_column = affine.width == 1 ? 0 : x;
          visit(i++, static_cast<size_t>(group + (axes.width ? 0 : x)),
                static_cast<size_t>((own_channel * affine.height + own_row) * affine.width +
                                    own_column));
        }
      }
    }
  }
}

// The sum of dy * y of a normalisation of each image.
double normalization_loss(const Normalization& norm, const FeatureShape& shape, int64_t batch,
                          const Values& x, const Values& weights, const Values& bias,
                          const Values& dy) {
  Values counts(x.size()), means(x.size()), variances(x.size());
  const auto for_each = [&](const auto& visit) { for_each_normalized(norm, shape, batch, visit); };
  for_each([&](size_t i, size_t group, size_t) { counts[group] += 1, means[group] += x[i]; });
  for (size_t group = 0; group < x.size(); ++group) means[group] /= std::max(counts[group], 1.0);
  for_each([&](size_t i, size_t group, size_t) {
    variances[group] += (x[i] - means[group]) * (x[i] - means[group]) / counts[group];
  });
  double loss = 0;
  for_each([&](size_t i, size_t group, size_t parameter) {
    const double y = (x[i] - means[group]) / std::sqrt(variances[group] + norm.epsilon);
    loss += dy[i] * (weights.empty() ? y : weights[parameter] * y + bias[parameter]);
  });
  return loss;
}

// The kernels forward and back on the same values, and what they are held to.
class NormalizationCase {
 public:
  NormalizationCase(const Normalization& norm, const FeatureShape& shape, int64_t padding,
                    const Target& target)
      : norm_(norm),
        in_{shape, shape.channels + padding, {1, 0, 0, 1}},
        out_{shape, shape.channels + padding, {}},
        dx_{shape, shape.channels + padding, {0, 1, 1, 0}},
        dy_{shape, shape.channels + padding, {1, 1, 0, 2}},
        target_(target),
        input_(random_values(count(), 1)),
        gradient_(random_values(count(), 2)),
        scales_(random_values(static_cast<size_t>(norm.affine.elements()), 3)),
        layer_(build_network({"test", {{"x", shape}}, {{"norm", norm, false, {"x"}}}, {}}, "test")
                   .layers[0]) {}

  void check(const std::string& what) {
    run_forward();
    Values x = doubles(input_), w = doubles(scales_), b(scales_.size(), 0);
    const Values g = doubles(gradient_);
    const auto loss = [&] { return normalization_loss(norm_, in_.shape, kImages, x, w, b, g); };
    const BackwardContext context{target_.isa, kImages, {in_}, out_, 0, dx_, dy_};
    NestRun by_data(lower_data_gradient(norm_, context));
    give(by_data);
    if (!scales_.empty()) {
      pack_weights(layer_, in_, target_.isa, scales_, by_data.buffer(Operand::kWeights));
    }
    by_data.run(target_.fuse);
    expect_slopes(by_data.read_map(Operand::kInputGradient, dx_, kImages), x, loss,
                  what + ", input");
    EXPECT_TRUE(by_data.surroundings_are_zero(Operand::kInputGradient, dx_, kImages)) << what;
    if (scales_.empty()) return;
    NestRun by_parameters(lower_weight_gradient(norm_, context));
    give(by_parameters);
    for (const Operand made : {Operand::kWeightGradient, Operand::kBiasGradient}) {
      std::ranges::fill(by_parameters.buffer(made), 7.0f);  // what was there does not matter
    }
    by_parameters.run(target_.fuse);
    expect_slopes(unpacked(by_parameters, Operand::kWeightGradient, what), w, loss,
                  what + ", scale");
    expect_slopes(unpacked(by_parameters, Operand::kBiasGradient, what), b, loss, what + ", shift");
  }

 private:
  static constexpr int64_t kImages = 2;

  size_t count() const { return static_cast<size_t>(kImages * in_.shape.elements()); }

  // Keeps the moments that the way forward leaves.
  void run_forward() {
    LayerContext context{target_.isa, kImages, {in_}, out_};
    context.training = true;
    NestRun forward(lower(norm_, context));
    forward.write_map(Operand::kInput, in_, kImages, input_);
    forward.run(target_.fuse);
    const auto moments = forward.buffer(Operand::kMoments);
    moments_.assign(moments.begin(), moments.end());
  }

  void give(NestRun& run) const {
    run.write_map(Operand::kInput, in_, kImages, input_);
    run.write_map(Operand::kOutputGradient, dy_, kImages, gradient_);
    ASSERT_EQ(run.buffer(Operand::kMoments).size(), moments_.size());
    std::ranges::copy(moments_, run.buffer(Operand::kMoments).begin());
  }

  std::vector<float> unpacked(NestRun& run, Operand operand, const std::string& what) const {
    std::vector<float> values(scales_.size());
    const auto packed = run.buffer(operand);
    unpack_weights(layer_, in_, target_.isa, packed, values);
    for (size_t i = values.size(); i < packed.size(); ++i) EXPECT_EQ(packed[i], 0) << what;
    return values;
  }

  const Normalization norm_;
  const MapLayout in_, out_, dx_, dy_;
  const Target target_;
  const std::vector<float> input_, gradient_, scales_;
  const Layer layer_;
  std::vector<float> moments_;
};

TEST(NormalizationBackward, FiniteDifferences) {
  int turn = 0;
  const auto check = [&](const MapAxes& axes, const FeatureShape& affine,
                         const FeatureShape& shape) {
    for (const Target& target : targets()) {
      const int64_t padding = ++turn % 2 == 0 ? 2 : 0;
      const std::string what =
          fmt::format("{} over {}{}{}, scaled by {}, padding {}, {}", to_string(shape),
                      axes.channels ? "c" : "", axes.height ? "h" : "", axes.width ? "w" : "",
                      to_string(affine), padding, traits(target.isa).name);
      NormalizationCase({axes, affine, 1e-2}, shape, padding, target).check(what);
    }
  };
  for (const MapAxes axes : {MapAxes{.channels = true},
                             {.height = true, .width = true},
                             {.channels = true, .height = true, .width = true},
                             {.width = true},
                             {.height = true},
                             {.channels = true, .width = true},
                             {.channels = true, .height = true}}) {
    for (const FeatureShape& affine :
         {FeatureShape{}, {6, 1, 1}, {6, 3, 4}, {1, 3, 4}, {6, 1, 4}, {1, 1, 1}}) {
      check(axes, affine, {6, 3, 4});
    }
  }
  check({.channels = true}, {37, 1, 1}, {37, 1, 5});
  check({.channels = true}, {70, 1, 1}, {70, 1, 1});
  check({.height = true, .width = true}, {70, 1, 1}, {70, 2, 2});
}

}  // namespace
}  // namespace wattgrind
