// The host is the machine that this program runs on. The system tells its geometry and instruction
// set; its prices are those of the nearest built-in profile.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "estimator/machine/host_cores.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// What Linux tells of the CPU to use: the first that is online where all cores are alike, else the
// first of those that read_core_kinds puts first.
struct HostCpu {
  std::string model;  // in the words of /proc/cpuinfo; may be empty
  Isa isa = Isa::kAvx2;
  std::vector<Sourced<CacheGeometry>> levels = {};  // as CoreKind's
  std::optional<CoreDesign> core = {};              // absent: not in the table of designs
  std::vector<CoreKind> kinds = {};                 // of all cores; that of this CPU comes first
};

// Reads ROOT/sys/devices/system/cpu and ROOT/proc/cpuinfo. Throws Error(kMissing) with
// the remedy where they are absent (containers, some virtual machines), contradict themselves or
// name no instruction set kernels are generated for.
HostCpu read_host_cpu(const std::filesystem::path& root);

// Which cores there are, for people: "CPUs 0-3 (Cortex-A72, 32 KiB private, 1500 MHz)". Where they
// differ, a sentence tells which is meant and why.
std::string cores_text(const std::vector<CoreKind>& kinds);

// Returns the profile whose prices suit the CPU best. Among those of its architecture (x86 or Arm)
// it is the one whose instruction set is nearest in width, among equals the one whose year is
// nearest (where the CPU's is not known, years decide nothing), then one of the same core, then the
// one with the least sum
// over levels of |log2(size / profile's size)|, where a level that only one of them has counts 4,
// then the first. CHECKs that there is a profile of the architecture.
const Machine& nearest_profile(const HostCpu& cpu, const std::vector<Machine>& profiles);

// Makes the machine "host". It has the CPU's geometry and instruction set, and the profile's
// containment, clock and all its prices; a level that the profile does not have gets the prices of
// its last and is non-inclusive. Of a CPU whose caches the system does not tell, they are those of
// the profile, if it is of the same core, with a word; else it throws Error(kMissing) with the
// remedy. The notes list what is borrowed and, where cores differ, which one is meant. Where
// cachegrind refuses a geometry, a substitute is worked out, whose sets are the largest power of
// two that divides the cache into at least its own ways.
Machine host_machine(const HostCpu& cpu, const Machine& profile);

}  // namespace wattgrind
