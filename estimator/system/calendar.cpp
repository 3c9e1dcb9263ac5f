#include "estimator/system/calendar.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <regex>

namespace wattgrind {
namespace {

std::chrono::year_month_day date(int year, int month, int day) {
  return std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
         std::chrono::day(static_cast<unsigned>(day));
}

// Reads "+01:00" or "-0530" as seconds east of Greenwich.
double zone_offset_s(const std::string& zone) {
  const int hours = std::stoi(zone.substr(1, 2)), minutes = std::stoi(zone.substr(zone.size() - 2));
  return (zone[0] == '-' ? -1 : 1) * 60.0 * (60 * hours + minutes);
}

}  // namespace

std::optional<double> parse_time_of_day(std::string_view text) {
  static const std::regex pattern(
      R"((\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d(?:\.\d+)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?)");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(text.begin(), text.end(), match, pattern)) return std::nullopt;
  const auto number = [&match](size_t i) { return std::stoi(match[i].str()); };
  const std::chrono::year_month_day day = date(number(1), number(2), number(3));
  if (!day.ok() || number(4) > 23 || number(5) > 59) return std::nullopt;
  const auto days = std::chrono::sys_days(day).time_since_epoch().count();
  const double seconds = 60 * (60.0 * number(4) + number(5)) + std::stod(match[6].str());
  const std::string zone = match[7].str();
  const bool has_offset = !zone.empty() && (zone[0] == '+' || zone[0] == '-');
  return 86400.0 * static_cast<double>(days) + seconds - (has_offset ? zone_offset_s(zone) : 0);
}

std::string format_utc(double unix_s) {
  const auto seconds = static_cast<int64_t>(std::floor(unix_s));
  const int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  const int64_t rest = seconds - 86400 * days;
  const std::chrono::year_month_day day{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     rest / 3600, rest / 60 % 60, rest % 60);
}

}  // namespace wattgrind
