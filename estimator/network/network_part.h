// Parts of a network are networks of their own, so that a meter can be held to them one by one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// Makes a network of the layer alone, whose input has the shape that the layer sees in the network.
// It is called "NETWORK/LAYER", with `network_name` for NETWORK.
Network layer_alone(const Network& network, size_t layer, std::string_view network_name);

// Makes a network of all layers up to and including this one. It is called "NETWORK/..LAYER".
Network up_to_layer(const Network& network, size_t layer, std::string_view network_name);

// Makes the part that "LAYER" or "..LAYER" names. Throws Error(kInput) for a layer that the network
// does not have, naming those it has.
Network find_part(const Network& network, std::string_view part, std::string_view network_name);

// Returns "NETWORK" for the workloads "NETWORK/LAYER" and "NETWORK/..LAYER", and the whole text for
// any other workload.
std::string whole_workload(const std::string& text);

}  // namespace wattgrind
