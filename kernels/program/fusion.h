// Which layers of a network one kernel computes together, as inference engines run them.
//
// A convolution or dense layer takes over what comes behind it and what nobody else reads:
//
//   conv, batch normalisation, add (another map), relu   becomes   conv+bn+add+relu
//
// Pooling behind a convolution, where its windows lie row by row, is done on strips of the
// convolution's map (kernels/conv/pooled_conv.h), which is then nowhere as a whole:
//
//   conv, relu, maxpool                                    becomes   conv+relu+maxpool
//
// A product of two maps takes over a factor and softmax over the channels behind it, as attention
// has them.
//
// Batch normalisation with held statistics is a product and a sum for each channel, and goes into
// the weights and the bias. The sum of another map, relu, clip and activations are done with each
// value before it is stored (kernels/parts/epilogue.h). Dropout does nothing in inference.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"

namespace wattgrind {

struct FusedNetwork {
  Network network;  // its layers name what they hold in `fused`, and are called "conv1+relu1"
                    // ("block1.conv1+relu1", not "block1.conv1+block1.relu1")
  // For each of its layers, the layers of the network as read, in the order of their work.
  std::vector<std::vector<int>> parts;
};

// The network of inference at this batch. Its maps are those of the network as read that somebody
// reads; outputs stay outputs.
FusedNetwork fuse_layers(const Network& network, Isa isa, int64_t batch);

// The parameters of a fused layer, from those of the layers it holds (parts), in their order: the
// first's, with every batch normalisation in them.
LayerParameters fused_parameters(const Layer& layer, std::span<const LayerParameters> parts);

}  // namespace wattgrind
