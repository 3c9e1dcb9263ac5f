// Parts of a network that are networks of their own: what a meter can be held to one by one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// The layer alone, on an input of the shape it sees in the network. Named "NETWORK/LAYER", with
// `network_name` for NETWORK.
Network layer_alone(const Network& network, size_t layer, std::string_view network_name);

// The network up to and including the layer: "NETWORK/..LAYER".
Network up_to_layer(const Network& network, size_t layer, std::string_view network_name);

// The part that "LAYER" or "..LAYER" names. Throws Error(kInput) for a layer there is not, naming
// those there are.
Network find_part(const Network& network, std::string_view part, std::string_view network_name);

// "NETWORK" of the workloads "NETWORK/LAYER" and "NETWORK/..LAYER"; any other workload's whole
// text.
std::string whole_workload(const std::string& text);

}  // namespace wattgrind
