// A thread that samples a sensor at a fixed period while something else runs.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <thread>

#include "estimator/system/clock.h"

namespace wattgrind {

class PeriodicSampler {
 public:
  // `sample` is called in the sampler's own thread with the time of the sample. What it throws
  // ends the sampling and is thrown again by stop().
  PeriodicSampler(Clock& clock, double period_s, std::function<void(double time_s)> sample);

  // Samples once at once, in the caller's thread, then every period.
  void start();

  // Ends the thread and samples a last time, in the caller's thread. Returns how many periods
  // passed without their sample because an earlier one, or the system, took too long.
  uint64_t stop();

 private:
  void run(const std::stop_token& stop, double start_s);

  Clock& clock_;
  double period_s_;
  std::function<void(double)> sample_;
  uint64_t missed_ = 0;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses what stands above
};

}  // namespace wattgrind
