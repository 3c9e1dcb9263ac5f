// Holds the CPUs at one clock (Linux's cpufreq).
#pragma once

#include <string>
#include <vector>

#include "estimator/system/sysfs.h"

namespace wattgrind {

// As long as it lives, every CPU whose clock Linux governs runs at this clock: the least and the
// most that its governor may choose are set to it. Then they are what they were.
class HeldClock {
 public:
  // Throws Error(kUsage) for a clock that a CPU does not have, naming those it has, and
  // Error(kMissing) with the remedy where there is no cpufreq or its files may not be written.
  HeldClock(Sysfs& sysfs, double frequency_hz);
  ~HeldClock();
  HeldClock(const HeldClock&) = delete;
  HeldClock& operator=(const HeldClock&) = delete;

 private:
  struct Policy {
    std::string folder;
    std::string least_khz, most_khz;  // before
  };

  void hold(const Policy& policy, const std::string& khz);
  void put_back();

  Sysfs& sysfs_;
  std::vector<Policy> held_;
};

}  // namespace wattgrind
