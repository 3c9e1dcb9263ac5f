// Makes a network of single precision compute on bytes (byte_layers.h).
//
//   conv, batch_norm, relu, pool, flatten, dense, softmax          becomes
//   quantize, conv, relu, pool, flatten, dense, softmax
//
// Every layer computes on bytes that can. Scales follow from the ranges of the maps' values: a
// map's bytes hold its range and zero. What relu or clip cuts off, the layer before does not hold
// either. Weights are scaled for each output channel so that the largest becomes the largest
// number. Products that only layers of single precision read give single precision.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

struct ValueRange {
  float low = 0, high = 0;

  void cover(float value);
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

// The scale whose numbers hold the range, and zero exactly.
ByteScale byte_scale(ValueRange range);

struct NetworkValues {
  Network network;
  std::vector<LayerParameters> parameters;  // by layer; empty where they are not known
};

// Takes out dropout, and batch normalisation where it can go into the convolution or dense layer
// before it.
NetworkValues folded_for_bytes(const Network& network,
                               const std::vector<LayerParameters>& parameters);

// By input of the network, and by layer.
struct MapRanges {
  std::vector<ValueRange> inputs, layers;

  const ValueRange& of(int source) const {
    return is_network_input(source) ? inputs[input_number(source)]
                                    : layers[static_cast<size_t>(source)];
  }
};

struct QuantizedNetwork {
  NetworkValues on_bytes;
  // The layer of the new network with the values of each layer that was an output.
  std::map<std::string, std::string> outputs;
};

// `folded` must be as folded_for_bytes() gives it. Without parameters the result has none. Throws
// Error(kInput) for a network that computes on bytes already or has no convolution or dense layer.
QuantizedNetwork quantized(const NetworkValues& folded, const MapRanges& ranges, int weight_bits);

}  // namespace wattgrind
