// How long a kernel runs, from what is counted of it: seconds = sum of prices * features.
//
// The prices are seconds a unit, none negative, fitted to measured times with relative weights, so
// that a microsecond's kernel counts as much as a second's. Kernels of one kind share prices: what
// a port model or a count leaves out differs from kind to kind.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "estimator/counts/counts.h"

namespace wattgrind {

// One run of a kernel, in the steady state.
struct KernelWork {
  double port_cycles = 0;     // of the core, were no cache to miss (kernels/nest/core_work.h)
  double waiting_cycles = 0;  // that results keep it waiting
  uint64_t loop_iterations = 0;
  EventCounts counts;
};

struct TimedKernel {
  KernelWork work;
  double seconds = 0;
};

class TimeModel {
 public:
  // At least as many kernels as there are features; all with as many cache levels.
  static TimeModel fit(std::span<const TimedKernel> kernels);

  double seconds(const KernelWork& work) const;

  // "call", "port cycles", "waiting cycles", "loop iterations", then lines fetched, by where they
  // were found: a cache level below the first, or "DRAM".
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<double>& prices_s() const { return prices_s_; }  // by name

 private:
  std::vector<std::string> names_;
  std::vector<double> prices_s_;
};

}  // namespace wattgrind
