// The calendar reads and writes dates and times of day as logs have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wattgrind {

// Reads "2025-01-14 12:00:00[.25]", which may have a T instead of the space, and may end in a zone
// ("Z", "UTC", "GMT", "+01:00", "+0100"); without a zone the time is UTC. Returns seconds since the
// start of 1970, UTC; absent for any other text.
std::optional<double> parse_time_of_day(std::string_view text);

// Writes a time as "2025-01-14 12:00:00 UTC".
std::string format_utc(double unix_s);

}  // namespace wattgrind
