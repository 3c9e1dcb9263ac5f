// What parameters are before training: drawn from a seed, the same on every computer.
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

enum class Initializer {
  kUniform,        // uniform in +-0.05 (Keras's random_uniform)
  kGlorotUniform,  // uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)
  kHeUniform,      // uniform in +-sqrt(6 / fan_in) (He et al., 2015; Keras's he_uniform)
};

// A layer's parameters as frameworks hold them: convolution [filters][channels / groups][rows]
// [columns], dense [units][values].
struct LayerParameters {
  std::vector<float> weights, bias;

  friend bool operator==(const LayerParameters&, const LayerParameters&) = default;
};

// The first parameters of each layer; layers that have none get empty ones, and biases are zero.
// Each layer draws from a stream of its own.
std::vector<LayerParameters> initial_parameters(const Network& network, Initializer initializer,
                                                uint64_t seed);

}  // namespace wattgrind
