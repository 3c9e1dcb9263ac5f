// A rail whose power the kernel's sensors tell: one file, or the product of two.
#pragma once

#include <optional>
#include <string>

#include "estimator/meters/rail_set.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {

inline constexpr double kMilli = 1e-3, kMicro = 1e-6;

// Whether the file is there, readable or not.
bool has_file(const Sysfs& sysfs, const std::string& file);

// A file of one number, and what one of it is in watts, volts or amperes. No file: an empty name.
struct ScaledFile {
  std::string file;
  double unit = 1;
};

struct SysfsRail {
  MeteredRail rail;
  ScaledFile power;  // no file: voltage times current
  ScaledFile voltage, current;
};

// Tries a few times at once, as a bus that was busy wants it.
RailRead read_rail(const Sysfs& sysfs, const SysfsRail& rail);

// Why a rail cannot be read, with the remedy where it lacks only rights; empty where it can be.
std::string problem_of(const Sysfs& sysfs, const SysfsRail& rail);

// Rails that are each read by themselves.
std::unique_ptr<RailSet> make_sysfs_rails(const Sysfs& sysfs, std::vector<SysfsRail> rails,
                                          std::vector<std::string> notes);

// What the total of rails lacks where nobody knows which of them feeds which; empty for one rail.
std::vector<std::string> note_of_unknown_total(const std::vector<std::string>& summed);

}  // namespace wattgrind
