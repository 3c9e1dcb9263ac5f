#include "estimator/system/calendar.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <regex>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr double kMinuteS = 60, kHourS = 3600, kDayS = 86400;

struct DateAndTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  std::string zone;  // empty where the text has none

  // As if it were UTC.
  double utc_s() const {
    const std::chrono::sys_days date = std::chrono::year(year) /
                                       std::chrono::month(static_cast<unsigned>(month)) /
                                       std::chrono::day(static_cast<unsigned>(day));
    return kDayS * static_cast<double>(date.time_since_epoch().count()) + kHourS * hour +
           kMinuteS * minute + second;
  }
};

std::optional<DateAndTime> split(std::string_view text) {
  static const std::regex pattern(
      R"((\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d(?:\.\d+)?) ?(Z|[A-Z]{3,5}|[+-]\d\d:?\d\d)?)");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(text.begin(), text.end(), match, pattern)) return std::nullopt;
  const auto number = [&match](size_t i) { return std::stoi(match[i].str()); };
  const DateAndTime time{number(1),     number(2), number(3),
                         number(4),     number(5), std::stod(match[6].str()),
                         match[7].str()};
  const std::chrono::year_month_day date = std::chrono::year(time.year) /
                                           std::chrono::month(static_cast<unsigned>(time.month)) /
                                           std::chrono::day(static_cast<unsigned>(time.day));
  // A second of 60 is a leap second's.
  if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second >= 61) return std::nullopt;
  return time;
}

// Reads "+01:00" or "-0530" as seconds east of Greenwich.
double zone_offset_s(const std::string& zone) {
  const int hours = std::stoi(zone.substr(1, 2)), minutes = std::stoi(zone.substr(zone.size() - 2));
  return (zone[0] == '-' ? -1 : 1) * kMinuteS * (60 * hours + minutes);
}

// Absent where this system's zone has another name at that time.
std::optional<double> local_s(const DateAndTime& time) {
  for (const int is_summer : {0, 1}) {
    std::tm fields{};
    fields.tm_year = time.year - 1900;
    fields.tm_mon = time.month - 1;
    fields.tm_mday = time.day;
    fields.tm_hour = time.hour;
    fields.tm_min = time.minute;
    fields.tm_isdst = is_summer;
    const std::time_t unix_s = std::mktime(&fields);
    // mktime moves a time that is not in the season asked for to the other one.
    if (unix_s == -1 || fields.tm_isdst != is_summer || fields.tm_zone != time.zone) continue;
    return static_cast<double>(unix_s) + time.second;
  }
  return std::nullopt;
}

}  // namespace

std::optional<TimeOfDay> parse_time_of_day(std::string_view text) {
  const std::optional<DateAndTime> time = split(text);
  if (!time) return std::nullopt;
  const std::string& zone = time->zone;
  if (zone.empty()) return TimeOfDay{time->utc_s(), false};
  if (zone == "Z" || zone == "UTC" || zone == "GMT") return TimeOfDay{time->utc_s(), true};
  if (zone[0] == '+' || zone[0] == '-') return TimeOfDay{time->utc_s() - zone_offset_s(zone), true};
  const std::optional<double> unix_s = local_s(*time);
  if (!unix_s) return std::nullopt;
  return TimeOfDay{*unix_s, true};
}

std::optional<std::string> unknown_zone(std::string_view text) {
  const std::optional<DateAndTime> time = split(text);
  if (!time || parse_time_of_day(text)) return std::nullopt;
  return time->zone;
}

std::string format_utc(double unix_s) {
  CHECK(unix_s > -6.3e10 && unix_s < 2.5e11, "{} s since 1970", unix_s);
  const auto seconds = static_cast<int64_t>(std::floor(unix_s));
  const int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  const int64_t rest = seconds - 86400 * days;
  const std::chrono::year_month_day day{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     rest / 3600, rest / 60 % 60, rest % 60);
}

std::string format_duration(double seconds) {
  if (seconds < 2 * kMinuteS) return fmt::format("{:.3g} s", seconds);
  if (seconds < 1.5 * kHourS) return fmt::format("{:.3g} min", seconds / kMinuteS);
  if (seconds < 2 * kDayS) return fmt::format("{:.3g} h", seconds / kHourS);
  return fmt::format("{:.6g} days", std::round(10 * seconds / kDayS) / 10);
}

}  // namespace wattgrind
