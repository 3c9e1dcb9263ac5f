#include "estimator/meters/power_log.h"

#include <fmt/ranges.h>

#include <string>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/system/calendar.h"

namespace wattgrind {
namespace {

// A count of seconds since 1970 reaches this in the year 5138; of milliseconds, it did in 1973.
constexpr double kMostUnixS = 1e11;

class LogReader {
 public:
  explicit LogReader(const CsvTable& table)
      : table_(table),
        unix_column_(table.find_column("unix_s")),
        time_column_(table.find_column("time")),
        milliwatt_column_(table.find_column("power_mw")),
        watt_column_(table.find_column("power_w")) {
    if ((unix_column_ || time_column_) && (milliwatt_column_ || watt_column_)) return;
    fail(ErrorKind::kInput,
         "{}: wanted a column of times, unix_s (seconds since 1970) or time (2025-01-14 "
         "12:00:00+01:00), and a column of power, power_w or power_mw; the columns are {}",
         table.file, fmt::join(table.columns, ", "));
  }

  TimeOfDay time(const CsvRow& row) const {
    return unix_column_ ? TimeOfDay{unix_s(row), true} : time_of_day(row);
  }
  const std::string& time_text(const CsvRow& row) const {
    return row.fields[unix_column_ ? *unix_column_ : *time_column_];
  }

  double power_w(const CsvRow& row) const {
    const size_t column = milliwatt_column_ ? *milliwatt_column_ : *watt_column_;
    const double power_w = table_.number(row, column) * (milliwatt_column_ ? 1e-3 : 1);
    if (power_w < 0) {
      fail(ErrorKind::kInput, "{}:{}: power must not be negative, found {}", table_.file, row.line,
           row.fields[column]);
    }
    return power_w;
  }

 private:
  double unix_s(const CsvRow& row) const {
    const double value = table_.number(row, *unix_column_);
    if (value < 0) {
      fail(ErrorKind::kInput,
           "{}:{}: column 'unix_s': {} is before 1970: wanted seconds since then", table_.file,
           row.line, time_text(row));
    }
    struct Unit {
      const char* name;
      double a_second;
    };
    constexpr Unit kUnits[] = {{"milliseconds", 1e3}, {"microseconds", 1e6}, {"nanoseconds", 1e9}};
    for (const Unit& unit : kUnits) {
      if (value < kMostUnixS || value >= kMostUnixS * unit.a_second) continue;
      fail(ErrorKind::kInput,
           "{}:{}: column 'unix_s': {} is in {} since 1970, wanted seconds: divide by {:.0f}",
           table_.file, row.line, time_text(row), unit.name, unit.a_second);
    }
    if (value >= kMostUnixS) {
      fail(ErrorKind::kInput, "{}:{}: column 'unix_s': {} is no time: wanted seconds since 1970",
           table_.file, row.line, time_text(row));
    }
    return value;
  }

  TimeOfDay time_of_day(const CsvRow& row) const {
    const std::string& text = time_text(row);
    if (const std::optional<TimeOfDay> time = parse_time_of_day(text)) return *time;
    if (const std::optional<std::string> zone = unknown_zone(text)) {
      fail(ErrorKind::kInput,
           "{}:{}: column 'time': {} in '{}' is not this system's zone: write its offset, such as "
           "+01:00",
           table_.file, row.line, *zone, text);
    }
    fail(ErrorKind::kInput,
         "{}:{}: column 'time': '{}' is no date and time: expected 2025-01-14 12:00:00+01:00",
         table_.file, row.line, text);
  }

  const CsvTable& table_;
  std::optional<size_t> unix_column_, time_column_, milliwatt_column_, watt_column_;
};

}  // namespace

PowerLog parse_power_log(std::string_view text, std::string_view file) {
  const CsvTable table = parse_csv(text, file);
  const LogReader reader(table);
  PowerLog log;
  size_t sharing = 0;  // lines that the last sample is the mean of
  for (const CsvRow& row : table.rows) {
    const TimeOfDay time = reader.time(row);
    const double power_w = reader.power_w(row);
    log.has_zones = log.has_zones && time.has_zone;
    if (log.series.empty() || time.unix_s > log.series.back().time_s) {
      log.series.push_back({time.unix_s, power_w});
      sharing = 1;
      continue;
    }
    PowerSample& last = log.series.back();
    if (time.unix_s < last.time_s) {
      fail(ErrorKind::kInput, "{}:{}: time {} is before that of the line before", file, row.line,
           reader.time_text(row));
    }
    ++sharing;
    last.power_w += (power_w - last.power_w) / static_cast<double>(sharing);
    log.averaged_lines += sharing == 2 ? 2 : 1;
  }
  if (log.series.empty()) fail(ErrorKind::kInput, "{}: a header, but no sample", file);
  return log;
}

}  // namespace wattgrind
