// /proc/cpuinfo, a block of lines "key : value" for each CPU.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "estimator/machine/core_design.h"

namespace wattgrind {

class Cpuinfo {
 public:
  explicit Cpuinfo(const std::string& text);

  // Returns the value in the block of that CPU. Some systems tell what all CPUs have in common once
  // only: what the block lacks is the first value of that key anywhere. Empty where there is none.
  std::string value(int cpu, std::string_view key) const;

  // How the CPU names itself; empty and 0 where it does not.
  CoreId core_id(int cpu) const;

 private:
  using Block = std::map<std::string, std::string, std::less<>>;
  std::map<int, Block> by_cpu_;
  Block first_;  // of each key
};

}  // namespace wattgrind
