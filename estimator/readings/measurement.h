// Measuring loads: each is run under a meter, again and again, until its mean is known well enough.
//
// Loads take turns, a run of each a round, so that what drifts (clocks, temperature, neighbours)
// meets them all. A run is as many repetitions as the meter's resolution wants. Where the meter's
// series tells apart what ran within it, a round is one reading, and each load's beginning and end
// are joined to its power samples; else every run is a reading of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "estimator/meters/meter.h"
#include "estimator/readings/readings.h"

namespace wattgrind {

struct Load {
  std::string workload;
  std::function<void()> run;  // one repetition
};

struct MeasurementOptions {
  double relative_error = 0.02;  // wanted: standard error of the mean over the mean
  double time_limit_s = 60;      // for the runs of each load; the first run may exceed it
  bool subtract_idle = true;
};

struct MeteredRun {
  uint64_t repetitions = 0;
  double duration_s = 0;
  std::optional<double> energy_j;  // as the meter gave it, idle power and all
  std::vector<RailEnergy> rails;   // likewise; their series left out
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
  std::vector<RailPower> idle_rails;   // likewise
  std::vector<MeteredRun> runs;
  std::vector<std::string> warnings;  // the meter's, each once

  uint64_t repetitions() const;
  double duration_s() const;
  double seconds() const;                        // of one repetition, mean
  std::optional<double> total_energy_j() const;  // of all runs, as the meter gave it
  std::optional<double> energy_j() const;  // of one repetition, mean, net of idle if that is known
  std::optional<double> power_w() const;   // mean, net likewise
  std::vector<RailPower> rails() const;    // of all runs; empty where the meter has none
  // Standard error of energy_j() (of seconds() where there is none), over it; absent where there
  // is only one run.
  std::optional<double> relative_error() const;
};

// Network inference of `batch` images, or a matrix product. Only of a measurement with energy.
Reading reading_of(const Measurement& measurement, uint64_t batch);

struct Measurements {
  std::vector<Measurement> loads;  // that have at least one whole run, in the order they were given
  bool interrupted = false;        // by a signal, under an InterruptGuard
  // Of the meter, while idle was measured and in every whole run.
  uint64_t samples = 0, missed_samples = 0;
};

// What a measurement tells while it goes on. Each may be empty.
struct MeasurementEvents {
  std::function<void(const std::string&)> progress;  // what is being done now
  std::function<void(const std::string&)> warn;      // before it starts: what it cannot reach
  std::function<void(const Measurement&)> finished;  // a load that is wanted no more of
};

// Idle, if it is to be subtracted and the meter reads energy, is measured first, with nothing
// running. A load that an interruption stopped is finished with the runs it has. Throws what the
// meter throws, and Error(kFailed) where a load takes no more power than idle: what finished before
// was told.
Measurements measure(const std::vector<Load>& loads, Meter& meter, Clock& clock,
                     const MeasurementOptions& options, const MeasurementEvents& events);

}  // namespace wattgrind
