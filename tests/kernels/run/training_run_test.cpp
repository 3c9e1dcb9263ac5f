// Training runs against the oracles of layers and gradients, image by image.
#include "kernels/run/training_run.h"

#include <gtest/gtest.h>

#include <cmath>

#include "estimator/network/network.h"
#include "tests/kernels/reference_gradients.h"

namespace wattgrind {
namespace {

constexpr uint8_t kClasses = 3;
constexpr size_t kImages = 11;
constexpr int64_t kBatch = 4;  // the epoch ends with 3
constexpr size_t kConv = 0, kDropout = 2, kDense = 4;
constexpr double kTolerance = 2e-5;

// Odd sizes and several channels: nothing fills a vector or a line.
Network small_network(const FeatureShape& input) {
  return build_network("small", input,
                       {{.operation = Conv2d{.filters = 5, .window = {3, 3}}},
                        {.operation = Relu{}},
                        {.operation = Dropout{0.5}},
                        {.operation = Flatten{}},
                        {.operation = Dense{kClasses}},
                        {.operation = Softmax{}}},
                       "test");
}

// A training run and what it was given.
struct Trained {
  explicit Trained(const FeatureShape& input, const Optimizer& optimizer = Sgd{.learning_rate = 1})
      : network(small_network(input)),
        pixels(random_values(kImages * static_cast<size_t>(input.elements()), 1)),
        images(input, pixels, labels),
        run(network, optimizer, kBatch, kImages) {
    for (size_t i = 0; i < network.layers.size(); ++i) {
      parameters.push_back(random_parameters(network.layers[i], 10 + i));
      for (float& weight : parameters[i].weights) weight *= 0.3f;
      run.set_parameters(i, parameters[i].weights, parameters[i].bias);
    }
    mask = random_values(
        kBatch * static_cast<size_t>(network.layers[kDropout].output_shape.elements()), 99);
    for (float& factor : mask) factor = factor > 0 ? 2 : 0;
    run.set_mask(kDropout, mask);
  }

  Network network;
  std::vector<float> pixels;
  std::vector<uint8_t> labels = {0, 2, 1, 1, 0, 2, 2, 1, 0, 0, 2};
  BatchSource images;
  TrainingRun run;
  std::vector<ReferenceParameters> parameters;
  std::vector<float> mask;
};

// What a step on the chosen images is, by the oracle.
struct Expected {
  std::vector<float> probabilities;
  std::vector<ReferenceGradients> gradients;  // of the mean loss

  Expected(const Trained& trained, const std::vector<size_t>& chosen) {
    const auto batch = static_cast<int64_t>(chosen.size());
    const auto elements = static_cast<size_t>(trained.network.input().elements());
    std::vector<std::vector<float>> maps(1);
    for (const size_t image : chosen) {
      const auto first = trained.pixels.begin() + static_cast<ptrdiff_t>(image * elements);
      maps[0].insert(maps[0].end(), first, first + static_cast<ptrdiff_t>(elements));
    }
    const std::vector<Layer>& layers = trained.network.layers;
    for (size_t i = 0; i < layers.size(); ++i) {
      maps.push_back(reference_layer(layers[i], batch, maps[i], trained.parameters[i]));
      if (i == kDropout) multiply(maps.back(), trained.mask);
    }
    probabilities = maps.back();
    std::vector<float> gradient = probabilities;
    for (size_t n = 0; n < chosen.size(); ++n) {
      gradient[n * kClasses + trained.labels[chosen[n]]] -= 1;
    }
    for (float& value : gradient) value /= static_cast<float>(chosen.size());
    gradients.resize(layers.size());
    for (size_t i = layers.size() - 1; i-- > 0;) {
      if (i == kDropout) multiply(gradient, trained.mask);
      gradients[i] =
          reference_gradients(layers[i], batch, maps[i], trained.parameters[i], gradient);
      gradient = gradients[i].input;
    }
  }

 private:
  static void multiply(std::vector<float>& values, const std::vector<float>& factors) {
    for (size_t i = 0; i < values.size(); ++i) values[i] *= factors[i];
  }
};

void expect_near(const std::vector<float>& found, const std::vector<float>& before,
                 const std::vector<float>& gradient, const char* what) {
  ASSERT_EQ(found.size(), gradient.size()) << what;
  double largest = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], before[i] - gradient[i], kTolerance) << what << ", value " << i;
    largest = std::max(largest, std::abs(double{gradient[i]}));
  }
  EXPECT_GT(largest, 100 * kTolerance) << what;
}

// One step of gradient descent from the parameters given, and what it tells of the batch.
void expect_step(const FeatureShape& input, const std::vector<size_t>& chosen) {
  Trained trained(input);
  const Expected expected(trained, chosen);
  TrainingRun& run = trained.run;
  run.set_batch(trained.images, chosen);
  run.step();
  ASSERT_EQ(run.losses().size(), chosen.size());
  for (size_t n = 0; n < chosen.size(); ++n) {
    for (size_t c = 0; c < kClasses; ++c) {
      EXPECT_NEAR(run.probabilities(n)[c], expected.probabilities[n * kClasses + c], kTolerance);
    }
    const double right = expected.probabilities[n * kClasses + trained.labels[chosen[n]]];
    EXPECT_NEAR(run.losses()[n], -std::log(right), 1e-4) << "image " << n;
  }
  for (const size_t layer : {kConv, kDense}) {
    expect_near(run.weights(layer), trained.parameters[layer].weights,
                expected.gradients[layer].weights, "weights");
    expect_near(run.bias(layer), trained.parameters[layer].bias, expected.gradients[layer].bias,
                "bias");
  }
}

TEST(TrainingRun, AStepIsGradientDescentOnTheBatch) {
  expect_step({2, 5, 7}, {3, 10, 0, 5});
  expect_step({1, 6, 5}, {8, 7, 6, 1});
}

TEST(TrainingRun, TheLastStepOfAnEpochIsSmaller) {
  expect_step({2, 5, 7}, {9, 2, 4});
  expect_step({1, 6, 5}, {9, 2, 4});
}

// m / sqrt(v) is 1 in the first step of Adam, whatever the gradient; the second step's bias
// correction is another, so that a step that is not counted shows.
TEST(TrainingRun, StepsAreCounted) {
  const Adam adam{.learning_rate = 0.125, .epsilon = 1e-12};
  Trained trained({1, 6, 5}, adam);
  TrainingRun& run = trained.run;
  const float before = run.bias(kDense)[0];
  std::vector<double> gradients, bias = {before};
  for (int step = 0; step < 2; ++step) {
    trained.parameters[kConv] = {run.weights(kConv), run.bias(kConv)};
    trained.parameters[kDense] = {run.weights(kDense), run.bias(kDense)};
    const std::vector<size_t> chosen = {3, 10, 0, 5};
    gradients.push_back(Expected(trained, chosen).gradients[kDense].bias[0]);
    run.set_batch(trained.images, chosen);
    run.step();
    bias.push_back(run.bias(kDense)[0]);
  }
  EXPECT_EQ(run.steps(), 2u);
  ASSERT_GT(std::abs(gradients[0]), 1e-3);
  EXPECT_NEAR(std::abs(bias[1] - bias[0]), 0.125, 1e-5);
  const double m = 0.9 * 0.1 * gradients[0] + 0.1 * gradients[1];
  const double v =
      0.999 * 0.001 * gradients[0] * gradients[0] + 0.001 * gradients[1] * gradients[1];
  const double wanted = 0.125 * (m / (1 - 0.81)) / std::sqrt(v / (1 - 0.999 * 0.999));
  EXPECT_NEAR(bias[1] - bias[2], wanted, 1e-4);
}

TEST(TrainingRun, AForwardPassChangesNoParameters) {
  Trained trained({2, 5, 7});
  const std::vector<size_t> chosen = {6, 1};  // any number of images up to a batch
  trained.run.set_batch(trained.images, chosen);
  trained.run.forward();
  const Expected expected(trained, chosen);
  for (size_t i = 0; i < 2 * kClasses; ++i) {
    EXPECT_NEAR(trained.run.probabilities(i / kClasses)[i % kClasses], expected.probabilities[i],
                kTolerance);
  }
  EXPECT_EQ(trained.run.weights(kConv), trained.parameters[kConv].weights);
  EXPECT_EQ(trained.run.bias(kDense), trained.parameters[kDense].bias);
  EXPECT_EQ(trained.run.steps(), 0u);
}

Network normalized_network() {
  return build_network("normalized", {2, 5, 7},
                       {{.operation = Conv2d{.filters = 5, .window = {3, 3}, .bias = false}},
                        {.operation = BatchNorm{}},
                        {.operation = Relu{}},
                        {.operation = Flatten{}},
                        {.operation = Dense{kClasses}},
                        {.operation = Softmax{}}},
                       "test");
}

// Normalisation by held statistics is a scale and a shift, which the oracle of layers makes.
TEST(TrainingRun, AForwardPassNormalizesByTheStatisticsHeld) {
  constexpr size_t kNorm = 1;
  const Network network = normalized_network();
  const auto elements = static_cast<size_t>(network.input().elements());
  const std::vector<float> pixels = random_values(kImages * elements, 1);
  const std::vector<uint8_t> labels = {0, 2, 1, 1, 0, 2, 2, 1, 0, 0, 2};
  const BatchSource images(network.input(), pixels, labels);
  TrainingRun run(network, Sgd{.learning_rate = 0.1}, kBatch, kImages);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const ReferenceParameters parameters = random_parameters(network.layers[i], 10 + i);
    run.set_parameters(i, parameters.weights, parameters.bias);
  }
  const std::vector<float> begun = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
  run.set_statistics(kNorm, begun);
  const std::vector<size_t> trained_on = {3, 10, 0, 5};
  run.set_batch(images, trained_on);
  run.step();
  const std::vector<float> held = run.statistics(kNorm);
  ASSERT_EQ(held.size(), begun.size());
  for (size_t i = 0; i < held.size(); ++i) EXPECT_NE(held[i], begun[i]);

  const auto probabilities_of = [&](const std::vector<size_t>& chosen) {
    run.set_batch(images, chosen);
    run.forward();
    const std::span<const float> first = run.probabilities(0);
    return std::vector<float>(first.begin(), first.end());
  };
  const std::vector<float> found = probabilities_of({7, 2, 4, 9});
  EXPECT_EQ(probabilities_of({7, 8}), found);
  EXPECT_EQ(run.statistics(kNorm), held);

  std::vector<float> map(pixels.begin() + static_cast<ptrdiff_t>(7 * elements),
                         pixels.begin() + static_cast<ptrdiff_t>(8 * elements));
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (i != kNorm) {
      map = reference_layer(layer, 1, map, {run.weights(i), run.bias(i)});
      continue;
    }
    const auto channels = static_cast<size_t>(layer.output_shape.channels);
    const size_t places = map.size() / channels;
    for (size_t c = 0; c < channels; ++c) {
      const float scale = run.weights(i)[c] / std::sqrt(held[channels + c] + 1e-5f);
      for (size_t p = c * places; p < (c + 1) * places; ++p) {
        map[p] = scale * (map[p] - held[c]) + run.bias(i)[c];
      }
    }
  }
  for (size_t c = 0; c < kClasses; ++c) EXPECT_NEAR(found[c], map[c], kTolerance);
}

// A map with a reader that skips three pixels of four, whose gradient must not keep anything of the
// step before.
TEST(TrainingRun, EqualStepsHaveEqualGradients) {
  const auto conv = [](int64_t size, int64_t stride) {
    return Conv2d{.filters = 5,
                  .window = {size, size, stride, stride, size / 2, size / 2, size / 2, size / 2}};
  };
  const Network network = build_network("branches", {2, 5, 7},
                                        {{"stem", conv(3, 1)},
                                         {"relu", Relu{}},
                                         {"long", conv(3, 2)},
                                         {"short", conv(1, 2), false, {"relu"}},
                                         {"sum", Binary{}, false, {"long", "short"}},
                                         {"flatten", Flatten{}},
                                         {"classes", Dense{kClasses}},
                                         {"softmax", Softmax{}}},
                                        "test");
  const std::vector<float> pixels =
      random_values(kImages * static_cast<size_t>(network.input().elements()), 1);
  const std::vector<uint8_t> labels = {0, 2, 1, 1, 0, 2, 2, 1, 0, 0, 2};
  const BatchSource images(network.input(), pixels, labels);
  TrainingRun run(network, Sgd{.learning_rate = 1}, kBatch, kImages);
  std::vector<float> after[2];
  for (std::vector<float>& weights : after) {
    for (size_t i = 0; i < network.layers.size(); ++i) {
      ReferenceParameters parameters = random_parameters(network.layers[i], 10 + i);
      for (float& weight : parameters.weights) weight *= 0.3f;
      run.set_parameters(i, parameters.weights, parameters.bias);
    }
    run.set_batch(images, std::vector<size_t>{3, 10, 0, 5});
    run.step();
    weights = run.weights(0);
  }
  EXPECT_EQ(after[0], after[1]);
}

TEST(TrainingRun, LayersWithoutParametersHaveNone) {
  const Trained trained({2, 5, 7});
  EXPECT_TRUE(trained.run.weights(1).empty());
  EXPECT_TRUE(trained.run.bias(kDropout).empty());
  EXPECT_TRUE(trained.run.statistics(kConv).empty());
}

}  // namespace
}  // namespace wattgrind
