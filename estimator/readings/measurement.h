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

#include "estimator/base/error.h"
#include "estimator/meters/meter.h"
#include "estimator/readings/measured_load.h"

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

struct Measurements {
  std::vector<Measurement> loads;  // that have at least one whole run, in the order they were given
  bool interrupted = false;        // by a signal, under an InterruptGuard
  std::optional<Error> failure;    // what ended it early
  // The meter took and missed these while idle was measured and in every whole run.
  uint64_t samples = 0, missed_samples = 0;
};

// Functions that a measurement calls while it goes on. Each may be empty.
struct MeasurementEvents {
  std::function<void(const std::string&)> progress;  // what is being done now
  std::function<void(const std::string&)> warn;      // before it starts: what it cannot reach
  std::function<void(const Measurement&)> finished;  // a load that is wanted no more of
};

// Idle, if it is to be subtracted and the meter reads energy, is measured first, with nothing
// running. What fails ends the measurement: what the meter throws, Error(kFailed) where a load
// takes no more power than idle, or where more than a tenth of a run lies in gaps of the meter's
// series. Loads that a failure or an interruption stopped are finished with the whole runs they
// have. Throws the failure itself where no load has any.
Measurements measure(const std::vector<Load>& loads, Meter& meter, Clock& clock,
                     const MeasurementOptions& options, const MeasurementEvents& events);

}  // namespace wattgrind
