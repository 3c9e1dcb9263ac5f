// What a model that is quantised computes on bytes.
//
// Operators read the values of quantised tensors: whatever makes one puts a quantize and a
// dequantize layer into the network. Here layers between these come to compute on the bytes:
//
//   quantize -> dequantize -> conv -> relu -> quantize -> dequantize      becomes
//   quantize -> conv -> relu -> dequantize
//
// Layers that cannot stay in single precision between the two, and compute what the model says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

// The scales of weights that are whole numbers from -128 to 127 times them, by the layer that holds
// them: one, or one for each output channel.
using WeightScales = std::map<std::string, std::vector<float>, std::less<>>;

// `parameters` go with the specification's layers; their values may be absent. Layers that nobody
// reads any more stay.
void compute_on_bytes(NetworkSpec& spec, std::vector<LayerParameters>& parameters,
                      const WeightScales& scales);

}  // namespace wattgrind
