// Networks as Paleo's JSON has them (Qi, Sparks, Talwalkar: "Paleo: a performance model for deep
// neural networks", ICLR 2017; https://github.com/TalwalkarLab/paleo):
//
//   {"name": "LeNet",
//    "layers": {"data": {"type": "Input", "parents": [], "tensor": [128, 28, 28, 1]},
//               "conv1": {"type": "Convolution", "parents": ["data"], "filter": [5, 5, -1, 20],
//                         "padding": "VALID", "strides": [1, 1, 1, 1]}, ...}}
//
// Tensors are [images, rows, columns, channels]; the images are left to the estimate's batch. A
// convolution or an inner product has a bias for each filter, as Paleo counts, and a convolution a
// relu behind it, "conv1.relu", unless its activation_fn is null. A normalizer_fn of "batch_norm"
// is a layer of its own, in place of the biases. Element-wise layers add. A Block's layers are
// called BLOCK/LAYER; those without parents read the block's, and who reads the block reads its
// endpoint.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// Throws Error(kInput) begun by `where` and the layer: for unknown and missing keys, for layers
// that are not supported, all of them named in one message; for parents that are not there or stand
// in a circle; where the channels or classes that a layer tells are none that reach it; and as
// build_network() does.
Network read_paleo(const nlohmann::ordered_json& document, std::string_view where);

}  // namespace wattgrind
