// What the runs of one load under a meter amount to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/meters/meter.h"
#include "estimator/readings/readings.h"

namespace wattgrind {

struct MeteredRun {
  uint64_t repetitions = 0;
  double duration_s = 0;
  std::optional<double> energy_j;  // as the meter gave it: idle power is in it
  std::vector<RailEnergy> rails;   // as the meter gave them, without their series
};

// Mean power of a rail, net of its idle power where that is known.
struct RailPower {
  std::string name;
  double power_w = 0;
  bool in_total = false;
};

struct Measurement {
  std::string workload;
  std::optional<double> idle_power_w;  // measured, to be subtracted
  std::vector<RailPower> idle_rails;   // the same, rail by rail
  std::vector<MeteredRun> runs;
  std::vector<std::string> warnings;  // the meter's, each once

  uint64_t repetitions() const;
  double duration_s() const;
  double seconds() const;                        // of one repetition, mean
  std::optional<double> total_energy_j() const;  // of all runs, as the meter gave it
  std::optional<double> energy_j() const;  // of one repetition, mean, net of idle if that is known
  std::optional<double> power_w() const;   // mean, net likewise
  // Means over all runs; empty where the meter has none. Those in_total add up to power_w().
  std::vector<RailPower> rails() const;
  // Standard error of energy_j() (of seconds() where there is none), over it; absent where there
  // is only one run.
  std::optional<double> relative_error() const;
};

// Network inference of `batch` images, or a matrix product. The measurement has energy.
Reading reading_of(const Measurement& measurement, uint64_t batch);

}  // namespace wattgrind
