// AlexNet and VGG-11 of torchvision, whole, from models of their layers and from lines.
#pragma once

#include <string>
#include <vector>

#include "estimator/models/layer_models.h"

namespace wattgrind {

// A network at one batch.
struct NetworkReading {
  std::string network;
  int64_t batch = 1;
  double energy_j = 0;  // of one pass: the median of the readings
};

std::vector<NetworkReading> read_network_energies();

// Prints, for each network, the error of the sum of its layers' energies, and that of a line
// through two batches.
void print_networks(const std::vector<NetworkReading>& readings, const LayerModels& models);

}  // namespace wattgrind
