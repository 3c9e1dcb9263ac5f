// Layers computed the obvious way, on NCHW arrays in double precision: the oracle for kernels.
#pragma once

#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

using ReferenceParameters = LayerParameters;

// The layer's output from its inputs: images one after the other, each (channel, row, column).
// `parameters` for layers that have any.
std::vector<float> reference_layer(const Layer& layer, int64_t batch,
                                   const std::vector<std::vector<float>>& inputs,
                                   const ReferenceParameters& parameters);
// Of a layer with one input.
std::vector<float> reference_layer(const Layer& layer, int64_t batch,
                                   const std::vector<float>& input,
                                   const ReferenceParameters& parameters);

// Seeded values in [-1, 1].
std::vector<float> random_values(size_t count, uint64_t seed);

// Parameters of the right sizes for the layer; empty where it has none. Statistics are positive, as
// variances are.
ReferenceParameters random_parameters(const Layer& layer, uint64_t seed);

}  // namespace wattgrind
