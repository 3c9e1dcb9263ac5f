// Which output channels (filters of convolutions, units of dense layers) can be taken out of a
// network, and taking them out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

// A convolution or a dense layer some of whose output channels may go. What reads them loses the
// inputs that they were:
//
//   conv1 ---> batch norm ---> relu ---> pooling ---> conv2
//   made here  follows                                reads
struct PrunableLayer {
  size_t layer = 0;
  int64_t channels = 0;
  std::vector<size_t> followers;  // batch normalisation and depthwise convolutions
  std::vector<size_t> readers;    // convolutions and dense layers
};

// In the order of layers. A layer is left out where its channels reach the network's output or a
// layer that is tied to their number: one of two maps, or one that moves values.
std::vector<PrunableLayer> prunable_layers(const Network& network);

struct TrainedNetwork {
  Network network;
  std::vector<LayerParameters> parameters;  // of each layer
};

// The network with only these channels of the layer (ascending, at least one), which computes what
// the whole network computes if the readers' weights for the other channels are zero.
TrainedNetwork keep_channels(const TrainedNetwork& whole, const PrunableLayer& layer,
                             std::span<const size_t> kept);

// The whole network's parameters with zeros where readers take the channels that are not kept.
std::vector<LayerParameters> mask_channels(const TrainedNetwork& whole, const PrunableLayer& layer,
                                           std::span<const size_t> kept);

// How much each channel matters: the norm of the weights that make it, times that of the weights
// that read it. It does not change when a channel is made larger and read smaller.
std::vector<double> channel_strengths(const TrainedNetwork& whole, const PrunableLayer& layer);

}  // namespace wattgrind
