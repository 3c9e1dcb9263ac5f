// AlexNet and VGG-11 whole, at every batch that was read on a Xeon Gold 5120.
#pragma once

#include <vector>

#include "estimator/machine/machine.h"
#include "experiments/meter_free/parts.h"
#include "experiments/meter_free/table.h"

namespace wattgrind {

struct XeonNetworks {
  std::vector<Group> times, energies;      // a group a network, a row a batch
  std::vector<PredictedCost> predictions;  // of the rows, in order
  std::vector<double> macs;                // likewise
};

XeonNetworks xeon_networks(const Options& options, const Machine& machine);

}  // namespace wattgrind
