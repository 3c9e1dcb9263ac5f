// The cores of this system as Linux tells them: which there are, which are alike, which is used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/core_design.h"
#include "estimator/machine/cpuinfo.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// Cores of one design with caches of the same geometry.
struct CoreKind {
  std::vector<int> cpus;  // Linux's numbers, at least one; the one with the highest clock first
  CoreId id;
  // Data and unified caches, L1 first. Empty for an Arm core of a known design (core_design.h)
  // whose system tells the size of no cache.
  std::vector<Sourced<CacheGeometry>> levels;
  uint64_t private_bytes = 0;       // of the last level that no other core shares, at least L1
  std::optional<uint64_t> max_khz;  // the highest clock among them; absent: not told
};

// Reads ROOT/sys/devices/system/cpu of all CPUs that are online (where that is not told: of all
// that are there). The kind to use comes first: the one with the largest last private cache, among
// equals the one with the highest clock, then the one that Linux numbers first. CPUs that tell
// no caches are left out where another tells them. Throws Error(kMissing) with the remedy where
// none tells any, unless its design is known, or one tells them in part.
std::vector<CoreKind> read_core_kinds(const std::filesystem::path& root, const Cpuinfo& cpuinfo);

// What to do on systems that do not tell enough of themselves.
inline constexpr std::string_view kNameAProfile =
    "name a profile instead (`wattgrind machines` lists them)";

// Reads a file of sysfs or procfs; absent where it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& path);

// Writes numbers as Linux does: "0-3,8".
std::string cpu_list(std::vector<int> cpus);

}  // namespace wattgrind
