// Networks' convolutions by single algorithms and by the best of each layer.
#pragma once

#include <string>
#include <vector>

#include "experiments/conv_algorithms/trial_costs.h"

namespace wattgrind {

// Prints for each network: all layers by direct; by the best single algorithm, with direct where
// that does not apply; by the best of each layer in time and in energy; and on which layers the two
// disagree.
void print_summary(const std::string& machine, const std::vector<TrialCost>& trials);

std::string csv_of(const std::string& machine, const std::vector<TrialCost>& trials);

// Time against energy of every trial, both divided by direct's, as SVG.
std::string plot_of(const std::string& machine, const std::vector<TrialCost>& trials);

}  // namespace wattgrind
