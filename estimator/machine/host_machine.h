// The machine this program runs on: geometry and instruction set from the system, prices from the
// nearest built-in profile.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "estimator/machine/machine.h"

namespace wattgrind {

// What Linux tells of the first CPU.
struct HostCpu {
  std::string model;  // as /proc/cpuinfo calls it; may be empty
  Isa isa = Isa::kAvx2;
  std::vector<Sourced<CacheGeometry>> levels;  // data and unified caches, L1 first
};

// Reads ROOT/sys/devices/system/cpu/cpu0/cache and ROOT/proc/cpuinfo. Throws Error(kMissing) with
// the remedy where they are absent (containers, some virtual machines), contradict themselves or
// name no instruction set kernels are generated for.
HostCpu read_host_cpu(const std::filesystem::path& root);

// The profile whose prices suit the CPU best: of those of its architecture (x86 or Arm) the one
// with the least sum over levels of |log2(size / profile's size)|, a level that only one of them
// has counting 4; the first one where two are equal. CHECKs that there is one of the architecture.
const Machine& nearest_profile(const HostCpu& cpu, const std::vector<Machine>& profiles);

// The machine "host": the CPU's geometry and instruction set with the profile's prices level by
// level (its last level's for levels it does not have), containment and clock. The notes say so.
// Where cachegrind refuses a geometry the substitute is worked out: as many sets as the largest
// power of two that divides the cache into at least its own ways.
Machine host_machine(const HostCpu& cpu, const Machine& profile);

}  // namespace wattgrind
