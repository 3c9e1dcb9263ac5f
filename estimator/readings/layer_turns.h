// Layers timed in turns, with warm and with cold caches.
//
// Layers take turns, each a run warm and a run cold a round, so that what drifts (clocks,
// neighbours, memory's other users) meets them all. A warm run is as many repetitions as make a few
// milliseconds; of a cold run each repetition is timed alone, after the caches have been emptied of
// what it reads and writes. A layer's time is the median of its runs: others that use the machine
// slow down some of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "estimator/readings/readings.h"
#include "estimator/system/clock.h"

namespace wattgrind {

struct TurnLoad {
  std::string workload;
  uint64_t batch = 1;
  std::function<void()> run;           // one repetition
  std::function<void()> empty_caches;  // of all that it reads and writes
};

struct TurnOptions {
  std::vector<CacheWarmth> caches = {CacheWarmth::kWarm, CacheWarmth::kCold};
  double relative_error = 0.02;  // wanted of the median
  double time_limit_s = 1;       // of a load's runs with one state of its caches
};

// Readings without energy: of each load one for each state of the caches, in the order of both.
// Those of loads that a signal stopped, under an InterruptGuard, are absent, and so are readings
// from cold caches of what takes hardly longer than reading the clock. The clock's own time is
// measured and left out.
std::vector<Reading> time_in_turns(const std::vector<TurnLoad>& loads, Clock& clock,
                                   const TurnOptions& options);

// The standard error of the median of values drawn from a normal distribution, over the median,
// from their median absolute deviation. There must be at least two.
double median_relative_error(const std::vector<double>& values);

}  // namespace wattgrind
