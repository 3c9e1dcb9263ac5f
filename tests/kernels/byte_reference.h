// What networks on bytes compute, by the obvious loops on integers
// (estimator/network/byte_layers.h).
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Whole numbers for weights and biases, and scales, drawn so that outputs use most of their range.
LayerParameters random_byte_parameters(const Layer& layer, uint64_t seed);

// Every layer's map, as [image][channel][row][column]: numbers of maps of bytes, values of others.
// Layers of single precision must be relu or what moves values alone.
std::vector<std::vector<double>> reference_byte_maps(const Network& network,
                                                     const std::vector<LayerParameters>& parameters,
                                                     int64_t batch,
                                                     const std::vector<float>& images);

}  // namespace wattgrind
