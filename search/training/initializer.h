// What parameters are before training: drawn from a seed, the same on every computer.
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

enum class Initializer {
  kUniform,        // uniform in +-0.05 (Keras's random_uniform)
  kGlorotUniform,  // uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)
  kHeUniform,      // uniform in +-sqrt(6 / fan_in) (He et al., 2015; Keras's he_uniform)
};

// The first parameters of each layer; layers that have none get empty ones, and biases are zero.
// Each layer draws from a stream of its own.
std::vector<LayerParameters> initial_parameters(const Network& network, Initializer initializer,
                                                uint64_t seed);

}  // namespace wattgrind
