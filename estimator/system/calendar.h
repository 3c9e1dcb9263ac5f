// Dates and times of day as logs write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wattgrind {

// "2025-01-14 12:00:00[.25]", with a T instead of the space, with an optional zone ("Z", "UTC",
// "GMT", "+01:00", "+0100"); without one the time is UTC. Seconds since 1970, UTC; absent for any
// other text.
std::optional<double> parse_time_of_day(std::string_view text);

// "2025-01-14 12:00:00 UTC".
std::string format_utc(double unix_s);

}  // namespace wattgrind
