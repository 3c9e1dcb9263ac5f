// An inference with its layers fused gives what it gives layer by layer.
#include "kernels/run/inference_run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "estimator/catalog/network_source.h"
#include "estimator/network/layer_kind.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {
namespace {

// He-scaled, so that maps stay of one size.
LayerParameters parameters_of(const Layer& layer, uint64_t seed) {
  LayerParameters parameters = random_parameters(layer, seed);
  if (layer.macs == 0) return parameters;
  const double fan_in =
      static_cast<double>(layer.macs) / static_cast<double>(layer.output_shape.elements());
  for (float& weight : parameters.weights) weight *= static_cast<float>(std::sqrt(2 / fan_in));
  return parameters;
}

std::vector<float> output_of(const Network& network, int64_t batch, Plan plan) {
  InferenceRun run(network, batch, plan);
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (layer_kind(layer.operation).parameter_tensors(layer).empty()) continue;
    run.set_parameters(i, parameters_of(layer, i + 1));
  }
  run.set_input(0, random_values(static_cast<size_t>(batch * network.input().elements()), 77));
  run.run();
  return run.map(network.outputs.front());
}

// Before the softmax, which would hide what differs.
Network without_softmax(const char* name) {
  Network network = find_network(name);
  while (std::holds_alternative<Softmax>(network.layers.back().operation)) {
    network.layers.pop_back();
    network.outputs = {static_cast<int>(network.layers.size()) - 1};
  }
  return network;
}

TEST(InferenceRun, PlansAgree) {
  for (const char* name : {"resnet8", "ds_cnn", "mobilenet_v1_025", "lenet5", "deep_autoencoder",
                           "squeezenet", "bert_tiny"}) {
    const Network network = without_softmax(name);
    if (std::holds_alternative<Embedding>(network.layers.front().operation)) continue;
    const std::vector<float> layers = output_of(network, 2, Plan::kLayers);
    const std::vector<float> fused = output_of(network, 2, Plan::kFused);
    ASSERT_EQ(layers.size(), fused.size());
    float largest = 0, off = 0;
    for (size_t i = 0; i < layers.size(); ++i) {
      largest = std::max(largest, std::abs(layers[i]));
      off = std::max(off, std::abs(layers[i] - fused[i]));
    }
    EXPECT_GT(largest, 0) << name;
    EXPECT_LE(off, 1e-5F * largest) << name;
  }
}

}  // namespace
}  // namespace wattgrind
