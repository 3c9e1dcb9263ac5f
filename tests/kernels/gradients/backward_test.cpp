// Backward kernels of layers without weights against the obvious computation.
#include "kernels/gradients/backward.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "kernels/layers/lowering.h"
#include "tests/kernels/layer_case.h"
#include "tests/kernels/square_window.h"

namespace wattgrind {
namespace {

TEST(PoolBackward, Windows) {
  for (const int64_t channels : {1, 3, 16, 37}) {
    for (const auto& [kernel, stride, pad] :
         {std::tuple{2, 2, 0}, {3, 2, 0}, {3, 1, 1}, {4, 3, 2}, {7, 7, 0}, {2, 3, 1}}) {
      const Window2d w = window(kernel, stride, pad);
      const std::string what = fmt::format("{} channels {}x{}", channels, kernel, kernel);
      const Surroundings around{.extra_channels = 1,
                                .input = {1, 0, 2, 1},
                                .input_gradient = {2, 1, 0, 1},
                                .output_gradient = {0, 1, 1, 2}};
      check_data_gradient(make_case({channels, 15, 9}, MaxPool2d{w}, 3, around, "max " + what),
                          [&](const auto& c) { return lower_data_gradient(MaxPool2d{w}, c); });
      check_data_gradient(make_case({channels, 15, 9}, AvgPool2d{w}, 3, around, "average " + what),
                          [&](const auto& c) { return lower_data_gradient(AvgPool2d{w}, c); });
    }
  }
}

TEST(PoolBackward, CeilModeDilationAndCountedPadding) {
  for (const int64_t channels : {1, 6, 19}) {
    for (const Window2d& w : {Window2d{3, 2, 2, 2, 1, 0, 1, 1}, Window2d{2, 2, 3, 3, 0, 0, 0, 0},
                              Window2d{3, 2, 1, 2, 2, 1, 0, 1, 2, 3}, Window2d{2, 3, 4, 5, 1, 0}}) {
      const Surroundings around{.extra_channels = 1, .input_gradient = {2, 1, 0, 1}};
      const std::string what = fmt::format("{} channels", channels);
      const MaxPool2d max{w, true};
      const AvgPool2d average{w, true, true};
      check_data_gradient(make_case({channels, 10, 9}, max, 3, around, "max " + what),
                          [&](const auto& c) { return lower_data_gradient(max, c); });
      check_data_gradient(make_case({channels, 10, 9}, average, 3, around, "average " + what),
                          [&](const auto& c) { return lower_data_gradient(average, c); });
    }
  }
}

TEST(PoolBackward, OneOfEqualValuesGetsTheGradient) {
  LayerCase test = make_case({3, 6, 6}, MaxPool2d{window(3, 2, 0)}, 2, {}, "equal values");
  for (float& value : test.input) value = value > 0 ? 1.0f : 0.0f;
  test.output = reference_layer(test.layer, 2, test.input, {});
  test.wanted = reference_gradients(test.layer, 2, test.input, {}, test.output_gradient);
  check_data_gradient(
      test, [](const auto& c) { return lower_data_gradient(MaxPool2d{window(3, 2, 0)}, c); });
}

TEST(PoolBackward, GlobalAverage) {
  for (const int64_t channels : kChannels) {
    check_data_gradient(
        make_case({channels, 7, 9}, GlobalAvgPool2d{}, 3, {.input_gradient = {1, 2, 3, 1}},
                  fmt::format("global average of {} channels", channels)),
        [](const auto& c) { return lower_data_gradient(GlobalAvgPool2d{}, c); });
  }
}

TEST(LrnBackward, ChannelsSizesAndExponents) {
  for (const int64_t channels : kChannels) {
    for (const auto& [size, beta] : {std::pair{5, 0.75}, {3, 0.5}, {1, 1.0}, {5, 0.6}}) {
      const Lrn lrn{size, 0.7, beta, 1.5};
      check_data_gradient(
          make_case({channels, 5, 7}, lrn, 3,
                    {.extra_channels = channels == 6 ? 2 : 0, .input_gradient = {1, 0, 0, 2}},
                    fmt::format("lrn {} of {} channels, exponent {}", size, channels, beta)),
          [&](const auto& c) { return lower_data_gradient(lrn, c); });
    }
  }
}

// A gradient that is changed where it lies, by the layer's output.
void check_in_place(const LayerCase& test, const Halo& halo,
                    const std::function<LoopNest(const BackwardContext&)>& lower_backward) {
  for (const Target& target : targets()) {
    BackwardContext context = test.context(target.isa);
    context.in_place = true;
    ASSERT_EQ(context.output_gradient.halo, halo);
    NestRun run(lower_backward(context));
    run.write_map(Operand::kOutput, context.output, test.batch, test.output);
    run.write_map(Operand::kGradient, context.output_gradient, test.batch, test.output_gradient);
    run.run(target.fuse);
    EXPECT_EQ(run.read_map(Operand::kGradient, context.output_gradient, test.batch),
              test.wanted.input)
        << test.where(target);
    EXPECT_TRUE(run.surroundings_are_zero(Operand::kGradient, context.output_gradient, test.batch));
  }
}

TEST(ElementwiseBackward, ChannelsAndHalos) {
  const Clip clip{-0.4, 0.3};
  for (const int64_t channels : kChannels) {
    for (const Halo& halo : {Halo{}, Halo{1, 2, 3, 1}}) {
      check_in_place(make_case({channels, 7, 9}, Relu{}, 3, {.output_gradient = halo},
                               fmt::format("relu of {} channels", channels)),
                     halo, [](const auto& c) { return lower_data_gradient(Relu{}, c); });
      check_in_place(make_case({channels, 7, 9}, clip, 3, {.output_gradient = halo},
                               fmt::format("clip of {} channels", channels)),
                     halo, [&](const auto& c) { return lower_data_gradient(clip, c); });
    }
  }
}

TEST(ElementwiseBackward, BesideTheOutputsGradient) {
  const LayerCase test = make_case(
      {6, 7, 9}, Relu{}, 2,
      {.extra_channels = 2, .input_gradient = {1, 0, 1, 0}, .output_gradient = {0, 1, 0, 2}},
      "relu of a map with other readers");
  check_data_gradient(test, [](const auto& c) { return lower_data_gradient(Relu{}, c); });
}

TEST(FlattenBackward, ReordersIntoTheMap) {
  const LayerCase test = make_case(
      {3, 4, 5}, Flatten{}, 3, {.extra_channels = 5, .input_gradient = {1, 2, 3, 1}}, "flatten");
  check_data_gradient(test, [](const auto& c) { return lower_data_gradient(Flatten{}, c); });
}

TEST(Dropout, MasksForwardAndBackward) {
  for (const int64_t channels : kChannels) {
    const LayerCase test = make_case({channels, 5, 3}, Dropout{}, 3,
                                     {.input = {1, 1, 2, 0}, .input_gradient = {0, 1, 0, 0}},
                                     fmt::format("dropout of {} channels", channels));
    std::vector<float> mask = random_values(test.input.size(), 9);
    for (float& value : mask) value = value > 0 ? 2 : 0;
    for (const Target& target : targets()) {
      const BackwardContext context = test.context(target.isa);
      NestRun forward(lower(
          Dropout{}, LayerContext{context.isa, context.batch, context.inputs, context.output}));
      forward.write_map(Operand::kInput, context.input(), 3, test.input);
      forward.write_map(Operand::kMask, context.output, 3, mask);
      forward.run(target.fuse);
      NestRun backward(lower_data_gradient(Dropout{}, context));
      backward.write_map(Operand::kOutputGradient, context.output_gradient, 3,
                         test.output_gradient);
      backward.write_map(Operand::kMask, context.output, 3, mask);
      backward.run(target.fuse);
      const auto output = forward.read_map(Operand::kOutput, context.output, 3);
      const auto gradient = backward.read_map(Operand::kInputGradient, context.input_gradient, 3);
      for (size_t i = 0; i < mask.size(); ++i) {
        EXPECT_EQ(output[i], test.input[i] * mask[i]) << test.where(target);
        EXPECT_EQ(gradient[i], test.output_gradient[i] * mask[i]) << test.where(target);
      }
    }
  }
}

// The loss and its gradient against finite differences of the loss in double precision.
TEST(SoftmaxCrossEntropyBackward, Classes) {
  constexpr int64_t kBatch = 3;
  for (const int64_t classes : {1, 2, 3, 8, 9, 10, 16, 31, 33, 1000}) {
    const auto count = static_cast<size_t>(classes);
    std::vector<float> logits = random_values(kBatch * count, 4);
    const auto loss = [&](size_t n) {
      double sum = 0;
      for (size_t c = 0; c < count; ++c) sum += std::exp(double{logits[n * count + c]});
      const size_t label = (n * 7 + 1) % count;
      return std::log(sum) - logits[n * count + label];
    };
    std::vector<float> labels(kBatch * count), probabilities(kBatch * count);
    for (size_t n = 0; n < kBatch; ++n) {
      labels[n * count + (n * 7 + 1) % count] = 1;
      double sum = 0;
      for (size_t c = 0; c < count; ++c) sum += std::exp(double{logits[n * count + c]});
      for (size_t c = 0; c < count; ++c) {
        probabilities[n * count + c] =
            static_cast<float>(std::exp(double{logits[n * count + c]}) / sum);
      }
    }
    for (const Target& target : targets()) {
      const std::string where = fmt::format("{} classes, {}", classes, traits(target.isa).name);
      const MapLayout map{{classes, 1, 1}, classes + 3, {}};
      NestRun run(lower_data_gradient(
          Softmax{}, BackwardContext{target.isa, kBatch, {map}, map, 0, map, map, true}));
      run.write_map(Operand::kOutput, map, kBatch, probabilities);
      run.write_map(Operand::kLabels, label_layout(classes), kBatch, labels);
      run.run(target.fuse);
      const auto gradient = run.read_map(Operand::kInputGradient, map, kBatch);
      EXPECT_TRUE(run.surroundings_are_zero(Operand::kInputGradient, map, kBatch)) << where;
      for (size_t i = 0; i < gradient.size(); ++i) {
        const float logit = logits[i];
        constexpr float kStep = 1.0f / 512;
        logits[i] = logit + kStep;
        const double high = loss(i / count);
        logits[i] = logit - kStep;
        const double low = loss(i / count);
        logits[i] = logit;
        ASSERT_NEAR(gradient[i], (high - low) / (2 * kStep) / kBatch, 2e-6) << where << " " << i;
      }
      for (size_t n = 0; n < kBatch; ++n) {
        ASSERT_NEAR(run.buffer(Operand::kLoss)[n], loss(n), 2e-6 * (1 + loss(n)))
            << where << " " << n;
      }
    }
  }
}

TEST(SoftmaxCrossEntropyBackward, BoundsTheLossButNotWhatIsNoNumber) {
  const MapLayout map{{3, 1, 1}, 3, {}};
  for (const Target& target : targets()) {
    NestRun run(lower_data_gradient(Softmax{},
                                    BackwardContext{target.isa, 2, {map}, map, 0, map, map, true}));
    run.write_map(Operand::kOutput, map, 2, {0, 1, 0, NAN, NAN, NAN});
    run.write_map(Operand::kLabels, label_layout(3), 2, {1, 0, 0, 1, 0, 0});
    run.run(target.fuse);
    EXPECT_NEAR(run.buffer(Operand::kLoss)[0], -std::log(1e-7), 1e-4);
    EXPECT_TRUE(std::isnan(run.buffer(Operand::kLoss)[1]));
  }
}

}  // namespace
}  // namespace wattgrind
