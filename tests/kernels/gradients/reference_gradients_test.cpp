// The oracle of gradients against finite differences of the oracle of layers.
#include "tests/kernels/reference_gradients.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wattgrind {
namespace {

constexpr int64_t kBatch = 2;
constexpr float kStep = 1.0f / 256;

struct Case {
  Layer layer;
  std::vector<float> input;
  ReferenceParameters parameters;
  std::vector<float> output_gradient;

  double loss() const {
    const auto output = reference_layer(layer, kBatch, input, parameters);
    double sum = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      sum += static_cast<double>(output[i]) * output_gradient[i];
    }
    return sum;
  }
};

void expect_differences(const Case& base, std::vector<float>& values,
                        const std::vector<float>& gradient, const std::string& what) {
  ASSERT_EQ(values.size(), gradient.size()) << what;
  for (size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    values[i] = value + kStep;
    const double high = base.loss();
    values[i] = value - kStep;
    const double low = base.loss();
    values[i] = value;
    ASSERT_NEAR(gradient[i], (high - low) / (2 * kStep), 1e-3) << what << " " << i;
  }
}

void check(FeatureShape input, const Operation& operation) {
  const Network network = build_network("test", input, {{.operation = operation}}, "test");
  Case test{network.layers[0], {}, {}, {}};
  const auto inputs = static_cast<size_t>(kBatch * input.elements());
  test.input = random_values(inputs, 3);
  // Values stay clear of each other and of zero, where relu and maxima have no derivative.
  for (size_t i = 0; i < inputs; ++i) {
    const auto place = static_cast<float>(i * 7919 % inputs) + 0.5f;
    test.input[i] = 8 * (place / static_cast<float>(inputs) - 0.5f) + 0.0001f * test.input[i];
  }
  if (std::holds_alternative<Lrn>(operation)) test.input = random_values(inputs, 3);
  test.parameters = random_parameters(test.layer, 4);
  const auto outputs = static_cast<size_t>(kBatch * test.layer.output_shape.elements());
  test.output_gradient = random_values(outputs, 6);
  const auto found =
      reference_gradients(test.layer, kBatch, test.input, test.parameters, test.output_gradient);
  const std::string kind(kind_name(operation));
  expect_differences(test, test.input, found.input, kind + " input");
  expect_differences(test, test.parameters.weights, found.weights, kind + " weights");
  expect_differences(test, test.parameters.bias, found.bias, kind + " bias");
}

TEST(ReferenceGradients, FiniteDifferences) {
  check({24, 1, 1}, Dense{3});
  check({4, 7, 6}, Conv2d{6, {3, 2, 2, 1, 1, 0, 2, 1}, 2});
  check({2, 5, 4}, Relu{});
  check({2, 5, 4}, Clip{-0.4, 0.3});
  check({2, 7, 6}, MaxPool2d{{3, 2, 2, 1, 1, 0, 1, 1}});
  check({2, 7, 6}, AvgPool2d{{3, 2, 2, 1, 1, 0, 1, 1}});
  check({3, 4, 5}, GlobalAvgPool2d{});
  check({7, 2, 3}, Lrn{5, 0.7, 0.75, 1.5});
  check({2, 3, 4}, Flatten{});
  check({2, 7, 6}, MaxPool2d{{3, 2, 2, 2, 1, 0, 1, 1, 2, 3}, true});
  check({2, 7, 6}, AvgPool2d{{3, 2, 2, 3, 1, 0, 1, 1}, true, true});
  check({5, 2, 3}, Softmax{});
  check({3, 2, 3}, Softmax{{.height = true, .width = true}, true});
  check({5, 2, 3}, Reduce{ReduceFunction::kMean, {.channels = true, .width = true}});
  check({5, 2, 3}, Reduce{ReduceFunction::kSum, {.height = true}});
  check({5, 2, 3}, Reduce{ReduceFunction::kMax, {.height = true, .width = true}});
  check({6, 4, 3}, Rearrange{1,
                             3,
                             0,
                             {{2, MapAxis::kWidth, 2}},
                             {{3, MapAxis::kHeight, -1}, {2, MapAxis::kChannels, 0}},
                             {{5, MapAxis::kChannels, 1}}});
  check({3, 4, 5}, Pad{PadMode::kReflect, {1, 2, 3}, {2, 0, 4}});
  check({2, 3, 4}, Resize{ResizeMode::kLinear, 5, 9});
}

}  // namespace
}  // namespace wattgrind
