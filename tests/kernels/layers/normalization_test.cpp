// Normalisations forward: by kept statistics, by the batch's, and over the axes of an image.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/layers/lowering.h"
#include "tests/kernels/nest_run.h"
#include "tests/kernels/network_check.h"
#include "tests/kernels/reference_layers.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

void check(FeatureShape input, const std::vector<LayerSpec>& specs, int64_t batch,
           const std::string& what) {
  check_network(build_network("test", input, specs, "test"), batch, what);
}

TEST(BatchNormKernel, ByItsStatistics) {
  for (const int64_t channels : {1, 3, 6, 16, 37, 96, 200}) {
    check({channels, 5, 7}, {{.operation = BatchNorm{}}}, 3,
          fmt::format("batch normalisation of {} channels", channels));
    check({3, 5, 7},
          {{.operation = Conv2d{channels, window(3, 1, 1), 1}},
           {.operation = BatchNorm{.epsilon = 0.25}},
           {.operation = Conv2d{2, window(3, 1, 1), 1}}},
          2, fmt::format("batch normalisation of {} channels in place", channels));
  }
  check({130, 1, 1}, {{.operation = BatchNorm{}}}, 5, "batch normalisation of a vector");
}

// The obvious computation of a channel in training.
struct Moments {
  double mean = 0, variance = 0;

  Moments(const std::vector<float>& values, const FeatureShape& shape, int64_t batch, int64_t c) {
    const int64_t pixels = shape.height * shape.width;
    const auto for_each = [&](const auto& visit) {
      for (int64_t n = 0; n < batch; ++n) {
        for (int64_t i = 0; i < pixels; ++i) {
          visit(double{values[static_cast<size_t>((n * shape.channels + c) * pixels + i)]});
        }
      }
    };
    const auto count = static_cast<double>(batch * pixels);
    for_each([&](double v) { mean += v / count; });
    for_each([&](double v) { variance += (v - mean) * (v - mean) / count; });
  }
};

void check_training(const FeatureShape& shape, int64_t pitch, int64_t batch, const Target& target) {
  const BatchNorm norm{.epsilon = 1e-3, .momentum = 0.75};
  const std::string what =
      fmt::format("{}, pitch {}, {}", to_string(shape), pitch, traits(target.isa).name);
  const MapLayout in{shape, pitch, {1, 0, 0, 1}}, out{shape, pitch, {0, 1, 0, 0}};
  LayerContext context{target.isa, batch, {in}, out};
  context.training = true;
  const auto channels = static_cast<size_t>(shape.channels);
  auto input = random_values(static_cast<size_t>(batch * shape.elements()), 1);
  for (float& value : input)
    value = 3 * value + 5;  // a mean that differences of squares would lose
  const auto weights = random_values(channels, 2), bias = random_values(channels, 3);
  const auto kept = random_values(2 * channels, 4);
  NestRun run(lower(norm, context));
  run.write_map(Operand::kInput, in, batch, input);
  std::ranges::copy(weights, run.buffer(Operand::kWeights).begin());
  std::ranges::copy(bias, run.buffer(Operand::kBias).begin());
  std::ranges::copy(kept, run.buffer(Operand::kStatistics).begin());
  run.run(target.fuse);
  const auto found = run.read_map(Operand::kOutput, out, batch);
  const auto statistics = run.buffer(Operand::kStatistics);
  const auto moments = run.buffer(Operand::kMoments);
  for (size_t c = 0; c < channels; ++c) {
    const Moments wanted(input, shape, batch, static_cast<int64_t>(c));
    const double inverse = 1 / std::sqrt(wanted.variance + norm.epsilon);
    ASSERT_NEAR(statistics[c], 0.75 * kept[c] + 0.25 * wanted.mean, 4e-6) << what;
    ASSERT_NEAR(statistics[channels + c], 0.75 * kept[channels + c] + 0.25 * wanted.variance, 4e-6)
        << what;
    ASSERT_NEAR(moments[c], wanted.mean, 4e-6) << what;
    ASSERT_NEAR(moments[static_cast<size_t>(pitch) + c], inverse, 2e-5 * inverse) << what;
    const auto pixels = static_cast<size_t>(shape.height * shape.width);
    for (size_t i = 0; i < static_cast<size_t>(batch) * pixels; ++i) {
      const size_t at = (i / pixels * channels + c) * pixels + i % pixels;
      const double y = weights[c] * (input[at] - wanted.mean) * inverse + bias[c];
      ASSERT_NEAR(found[at], y, 2e-4 * (1 + std::abs(y))) << what << ", value " << at;
    }
  }
  EXPECT_TRUE(run.surroundings_are_zero(Operand::kOutput, out, batch)) << what;
}

TEST(BatchNormKernel, ByTheBatchInTraining) {
  for (const Target& target : targets()) {
    for (const auto& [channels, extra] :
         {std::pair{1, 0}, {3, 0}, {6, 2}, {16, 0}, {37, 3}, {200, 0}}) {
      check_training({channels, 5, 7}, channels + extra, 3, target);
    }
    check_training({70, 1, 1}, 70, 9, target);
    check_training({6, 1, 9}, 6, 2, target);
  }
}

TEST(NormalizationKernel, AxesAndScales) {
  for (const MapAxes axes : {MapAxes{.channels = true},
                             {.height = true, .width = true},
                             {.channels = true, .height = true, .width = true},
                             {.width = true},
                             {.height = true},
                             {.channels = true, .width = true},
                             {.channels = true, .height = true}}) {
    const std::string over = fmt::format("over {}{}{}", axes.channels ? "c" : "",
                                         axes.height ? "h" : "", axes.width ? "w" : "");
    for (const int64_t channels : {1, 6, 37, 200}) {
      const std::string what = fmt::format("{} of {} channels", over, channels);
      check({channels, 4, 5}, {{.operation = Normalization{axes, {}, 0.1}}}, 2, what);
      check({channels, 4, 5}, {{.operation = Normalization{axes, {channels, 1, 1}, 0.1}}}, 2,
            what + ", scaled");
    }
    for (const FeatureShape& affine : {FeatureShape{6, 4, 5}, {1, 4, 5}, {6, 1, 5}, {1, 1, 1}}) {
      check({3, 4, 5},
            {{.operation = Conv2d{6, window(3, 1, 1), 1}},
             {.operation = Normalization{axes, affine, 0.1}},
             {.operation = Conv2d{2, window(3, 1, 1), 1}}},
            2, fmt::format("{} in place, scaled by {}", over, to_string(affine)));
    }
  }
  check({96, 1, 17}, {{.operation = Normalization{{.channels = true}, {96, 1, 1}, 1e-5}}}, 2,
        "tokens");
  check({130, 1, 1}, {{.operation = Normalization{{.channels = true}, {130, 1, 1}, 1e-5}}}, 3,
        "a vector");
}

}  // namespace
}  // namespace wattgrind
