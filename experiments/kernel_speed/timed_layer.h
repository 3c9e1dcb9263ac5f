// The layers that are timed: convolution and dense layers and products of maps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

struct TimedLayer {
  std::string label;  // "alexnet/conv2"; layers of one shape in one network share a label
  Layer layer;        // Conv2d, Dense or MatMul
  int64_t batch = 1;

  // Useful work of one run: two for each multiply-accumulate of the network as written.
  double flops() const {
    return 2.0 * static_cast<double>(layer.macs) * static_cast<double>(batch);
  }
};

// The layers of a built-in network or of one listed in layer_lists.h, each shape once. Throws
// Error(kInput) for an unknown name.
std::vector<TimedLayer> timed_layers(std::string_view network, int64_t batch);

// Values in [-0.5, 0.5) from a seed: no denormals, no infinities.
std::vector<float> random_values(int64_t count, uint64_t seed);

}  // namespace wattgrind
