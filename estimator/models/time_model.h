// A time model tells how long a kernel runs from what is counted of it: seconds = sum of prices *
// features.
//
// The prices are seconds for one unit of a feature, and none is negative. They are fitted to
// measured times with relative weights, so that a kernel of a microsecond counts as much as one of
// a second. A model is for kernels of one kind, because what a port model or a count leaves out
// differs from kind to kind.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "estimator/counts/counts.h"

namespace wattgrind {

// One run of a kernel, in the steady state.
struct KernelWork {
  double port_cycles = 0;     // the core's, if no cache missed (kernels/nest/core_work.h)
  double waiting_cycles = 0;  // cycles that the core waits for results
  uint64_t loop_iterations = 0;
  EventCounts counts;
};

struct TimedKernel {
  KernelWork work;
  double seconds = 0;
};

// What the model prices, of a machine with that many cache levels: "call", "port cycles", "waiting
// cycles", "loop iterations", and then the lines fetched from each cache level below the first ("L2
// line") and from DRAM ("DRAM line").
std::vector<std::string> work_names(size_t levels);
// How much of each there is, in the same order.
std::vector<double> work_values(const KernelWork& work);

class TimeModel {
 public:
  // There must be at least as many kernels as features, and all must have the same number of cache
  // levels.
  static TimeModel fit(std::span<const TimedKernel> kernels);

  double seconds(const KernelWork& work) const;

  const std::vector<std::string>& names() const { return names_; }   // those of work_names
  const std::vector<double>& prices_s() const { return prices_s_; }  // by name

 private:
  std::vector<std::string> names_;
  std::vector<double> prices_s_;
};

}  // namespace wattgrind
