// What each convolution of a network costs by every algorithm that applies.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "estimator/machine/machine.h"
#include "estimator/network/network.h"
#include "kernels/conv/conv_algorithm.h"

namespace wattgrind {

struct TrialCost {
  std::string network, layer;
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  uint64_t scratch_bytes = 0;
  double predicted_s = 0;
  double energy_j = 0;             // of the running core, or as far as the profile tells
  std::vector<double> levels_j;    // by cache level, then DRAM
  std::optional<double> native_s;  // on this computer
};

// Cold counts of each trial by itself, fused with what comes behind the layer, batch 1.
std::vector<TrialCost> counted_trials(const Network& network, const Machine& machine);

// Runs each trial on this computer, in turn, for so many seconds in all, and sets the medians. The
// machine's instruction set must be this computer's.
void time_trials(const Network& network, const Machine& machine, double seconds,
                 std::vector<TrialCost>& trials);

}  // namespace wattgrind
