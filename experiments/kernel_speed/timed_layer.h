// The layers that are timed: convolution and dense layers, products of maps, and what a transformer
// block has beside these.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

struct TimedLayer {
  std::string label;  // "alexnet/conv2"; layers of one shape in one network share a label
  Layer layer;        // Conv2d, Dense, MatMul, Softmax, Normalization or Activation
  int64_t batch = 1;

  // Useful work of one run: two for each multiply-accumulate of the network as written; in layers
  // without any, the operations that estimator/network/operations.h counts.
  double flops() const;
};

// The layers of a built-in network or of one listed in layer_lists.h, each shape once. Throws
// Error(kInput) for an unknown name.
std::vector<TimedLayer> timed_layers(std::string_view network, int64_t batch);

// Whose values are drawn: the same for every candidate, in the order in which frameworks hold them,
// so that results can be compared. Of a product, the second map stands for the weights.
enum class OperandSeed : uint64_t { kInput = 1, kWeights = 2, kBias = 3 };

// Values in [-0.5, 0.5): no denormals, no infinities.
std::vector<float> random_values(int64_t count, OperandSeed seed);

}  // namespace wattgrind
