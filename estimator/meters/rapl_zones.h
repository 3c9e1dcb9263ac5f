// The RAPL zones that a kernel shows below class/powercap, found and tried.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/system/clock.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {

struct RaplZone {
  std::string name;       // "package-0", "package-0/dram"; no two zones have one name
  std::string folder;     // below sysfs
  bool in_total = false;  // a package, or DRAM: the others are parts of a package or hold them
  uint64_t range_uj = 0;  // the counter wraps after this
};

struct RaplZones {
  std::vector<RaplZone> zones;        // that can be read, at least one of them in the total
  std::vector<std::string> left_out;  // a sentence for each zone outside the total that cannot be
};

// Reads every file of every zone once. Throws Error(kMissing) with the remedy where there are no
// packages (a virtual machine, a container that hides them, memory-mapped zones alone), or a zone
// of the total may not or cannot be read.
RaplZones find_rapl_zones(const Sysfs& sysfs, Clock& clock);

// A count of microjoules, or why there is none ("/sys/...: No data available").
struct RaplCount {
  std::optional<uint64_t> uj;
  std::string problem;
  int error = 0;  // errno where the file could not be read
};

// Tries a few times at once, as a read that was interrupted wants it.
RaplCount read_rapl(const Sysfs& sysfs, const std::string& file);
// Tries for a tenth of a second. Not for a thread that samples.
RaplCount read_rapl_patiently(const Sysfs& sysfs, const std::string& file, Clock& clock);

}  // namespace wattgrind
