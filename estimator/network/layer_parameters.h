// The values of a layer's parameters, as frameworks hold them.
#pragma once

#include <vector>

namespace wattgrind {

// In the shapes that the layer's kind tells (layer_kind.h); empty where it has no tensor of the
// role.
struct LayerParameters {
  std::vector<float> weights, bias, statistics;
  // Of a layer on bytes, whose weights and biases are whole numbers: what a weight's number is
  // multiplied by, for each output channel.
  std::vector<float> scales = {};

  friend bool operator==(const LayerParameters&, const LayerParameters&) = default;
};

}  // namespace wattgrind
