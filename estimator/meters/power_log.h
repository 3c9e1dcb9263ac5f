// The text of a power log: a CSV with a column of times and a column of power.
//
// Times stand in `unix_s` (seconds since 1970) or `time` (2025-01-14 12:00:00, with a zone such as
// +01:00; without one they are UTC), power in `power_w` or `power_mw`. Other columns are ignored.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "estimator/meters/power_series.h"

namespace wattgrind {

struct PowerLog {
  std::vector<PowerSample> series;  // over seconds since 1970, ascending; at least one
  bool has_zones = true;            // false: some time names no zone, and UTC was taken
  size_t averaged_lines = 0;        // share their time with another line; one sample, the mean
};

// Throws Error(kInput), naming file and line, for a missing column (with all that would do), a time
// that is no time or in milliseconds, microseconds or nanoseconds, times that descend, and power
// that is negative or no number.
PowerLog parse_power_log(std::string_view text, std::string_view file);

}  // namespace wattgrind
