// The calendar reads and writes dates and times of day as logs have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wattgrind {

// A date and time of day, and how its zone was known.
struct TimeOfDay {
  double unix_s = 0;      // seconds since 1970, UTC
  bool has_zone = false;  // false: the text names no zone, and UTC was taken
};

// "2025-01-14 12:00:00[.25]", with a T instead of the space, and an optional zone: "Z", "UTC",
// "GMT", "+01:00", "+0100", or a name ("CET") that this system's own zone has at that time. A name
// that is another zone's is not looked up, because one name stands for several zones (IST, CST).
// Absent for any other text.
std::optional<TimeOfDay> parse_time_of_day(std::string_view text);

// "CET" of a text that parse_time_of_day does not take only because it does not know the zone;
// absent for any other text.
std::optional<std::string> unknown_zone(std::string_view text);

// "2025-01-14 12:00:00 UTC". The time lies within the years 0 to 9999.
std::string format_utc(double unix_s);

// A length of time as people say it: "0.25 s", "90 s", "45 min", "2 h", "3.5 days".
std::string format_duration(double seconds);

}  // namespace wattgrind
