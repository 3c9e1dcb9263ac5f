// Networks as DeepMeter's JSON has them (Paradkar 2022;
// https://github.com/parth-paradkar/DeepMeter): the modules of PyTorch in the order they run.
//
//   [{"type": "layer", "torch_module": "nn.Conv2d", "in_channels": 1, "out_channels": 6,
//     "kernel_size": [5, 5], "stride": [1, 1], "padding": [0, 0]},
//    {"type": "layer", "torch_module": "nn.ReLU"}, ...
//    {"type": "reshape", "reshape_dim": [1, 400]},
//    {"type": "layer", "torch_module": "nn.Linear", "in_features": 400, "out_features": 120}]
//
// A reshape_dim, of a layer of its own or of the module that reads what it makes, is [images,
// channels, rows, columns] or [images, values]. Where it has as many values as reach it, they are
// reshaped; else, as DeepMeter does, the rows and columns are resized and a single channel is
// repeated. One that comes before every module makes the network's input; without one the input is
// what DeepMeter feeds its networks, MNIST's digits at 32x32. A Linear that reads as many values as
// a map has gets them as a vector.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// Throws Error(kInput) begun by `where` and the entry's index: for unknown and missing keys; for
// modules that are not supported, all of them named in one message; where the channels or features
// that a module tells are none that reach it, naming both; and as build_network() does.
Network read_deepmeter(const nlohmann::ordered_json& document, const std::string& name,
                       std::string_view where);

}  // namespace wattgrind
