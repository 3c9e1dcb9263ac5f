// Power over time, and the energy of an interval of it.
#pragma once

#include <vector>

namespace wattgrind {

struct PowerSample {
  double time_s = 0;
  double power_w = 0;
};

// Energy between two times, power taken as linear between samples. The samples are in ascending
// order of time and reach from start_s or earlier to stop_s or later; start_s <= stop_s.
double energy_between_j(const std::vector<PowerSample>& series, double start_s, double stop_s);

}  // namespace wattgrind
