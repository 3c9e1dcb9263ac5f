// Whole networks: measured on this computer, and predicted by models of their layers.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "estimator/machine/machine.h"
#include "estimator/models/network_prediction.h"

namespace wattgrind {

struct NetworkTime {
  double seconds = 0;         // of one inference, batch 1, warm
  double relative_error = 0;  // of the median
};
using NetworkTimes = std::map<std::string, NetworkTime>;

// The built-in networks of at most so many multiply-accumulates.
std::vector<std::string> network_names(double most_macs);

// Takes a few at a time in turns. `limit_s` is of each network's runs.
NetworkTimes time_networks_here(const std::vector<std::string>& names, double limit_s);

// "network,seconds,relative_error"
std::string network_times_csv(const NetworkTimes& times);
NetworkTimes read_network_times(const std::string& path);

// What is counted of a network's layers, in the steady state.
struct CountedNetworkLayers {
  Network network;
  std::vector<KernelWork> work;
};
CountedNetworkLayers count_layers_of(const std::string& name, const Machine& machine);

}  // namespace wattgrind
