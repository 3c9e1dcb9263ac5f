#include "estimator/meters/meter_socwatch.h"

#include <filesystem>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/system/calendar.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// How long stop() waits for the report: SoC Watch takes seconds to write it.
constexpr double kPatienceS = 60;
// The report's start is given to the second.
constexpr double kStartSlackS = 1;
// A collection longer than the run by more than this averages something else in.
constexpr double kMostExcess = 0.05;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The rest of the line that starts with `key`.
std::string_view value_of(const std::vector<std::string_view>& lines, std::string_view key,
                          std::string_view file) {
  for (const std::string_view line : lines) {
    if (line.starts_with(key)) return trimmed(line.substr(key.size()));
  }
  fail(ErrorKind::kInput, "{}: no line '{}': is it a report of SoC Watch?", file, key);
}

double parse_start_s(std::string_view text, std::string_view file) {
  if (const std::optional<TimeOfDay> start = parse_time_of_day(text)) return start->unix_s;
  if (const std::optional<std::string> zone = unknown_zone(text)) {
    fail(ErrorKind::kInput,
         "{}: '{}': {} is not this system's zone: collect with 'TZ=UTC socwatch -f power', or "
         "replace {} by the zone's offset, such as +01:00",
         file, text, *zone, *zone);
  }
  fail(ErrorKind::kInput, "{}: '{}' is no date and time: expected 2025-01-14 12:00:00 UTC", file,
       text);
}

// Component, metric type, average rate (mW), total (mJ).
RailEnergy parse_row(std::string_view line, std::string_view file, size_t number) {
  std::vector<std::string_view> fields;
  while (true) {
    const size_t comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    line.remove_prefix(comma + 1);
  }
  const std::optional<double> total_mj =
      fields.size() == 4 ? parse_number(fields[3]) : std::nullopt;
  if (fields.size() == 6 && parse_number(fields[5])) {
    fail(ErrorKind::kInput,
         "{}:{}: numbers with decimal commas: collect with 'LC_ALL=C socwatch -f power'", file,
         number);
  }
  if (!total_mj || *total_mj < 0) {
    fail(ErrorKind::kInput, "{}:{}: expected component, metric, average (mW), total (mJ)", file,
         number);
  }
  return {std::string(fields[0]), 1e-3 * *total_mj, true};
}

// The table whose heading ends in ": Average Rate and Total"; empty where it is not there.
std::vector<RailEnergy> parse_summary(const std::vector<std::string_view>& lines,
                                      std::string_view heading, std::string_view file) {
  std::vector<RailEnergy> rails;
  size_t i = 0;
  while (i < lines.size() && lines[i] != heading) ++i;
  while (i < lines.size() && !lines[i].starts_with("---")) ++i;
  for (++i; i < lines.size() && !lines[i].empty(); ++i) {
    rails.push_back(parse_row(lines[i], file, i + 1));
  }
  return rails;
}

class SocwatchMeter : public Meter {
 public:
  SocwatchMeter(std::string file, Clock& clock) : file_(std::move(file)), clock_(clock) {}

  std::string name() const override { return "socwatch:" + file_; }

  void start() override {
    start_s_ = clock_.now_s();
    start_unix_s_ = clock_.unix_s();
  }

  MeterReading stop() override;

  // The collection's start is known to the second.
  double least_duration_s(double, double relative_error) const override {
    return kStartSlackS / relative_error;
  }

 private:
  SocwatchReport wait_for_report(double stop_unix_s) const;
  bool covers_run(const SocwatchReport& report, double stop_unix_s) const {
    return report.start_unix_s <= start_unix_s_ + kStartSlackS &&
           report.start_unix_s + report.duration_s >= stop_unix_s - kStartSlackS;
  }

  std::string file_;
  Clock& clock_;
  double start_s_ = 0;
  double start_unix_s_ = 0;
};

SocwatchReport SocwatchMeter::wait_for_report(double stop_unix_s) const {
  const double patience_s = clock_.now_s() + kPatienceS;
  std::optional<SocwatchReport> report;
  std::string seen;
  while (clock_.now_s() < patience_s) {
    throw_if_interrupted();
    std::string text = std::filesystem::exists(file_) ? read_file(file_) : "";
    // A report that still grows is being written.
    if (!text.empty() && text == seen) {
      report = parse_socwatch(text, file_);
      if (covers_run(*report, stop_unix_s)) return *report;
    }
    seen = std::move(text);
    clock_.sleep_until(clock_.now_s() + 1, {});
  }
  if (!report) {
    fail(ErrorKind::kMissing,
         "{}: not there {} s after the run: run 'socwatch -f power -t SECONDS' beside it", file_,
         kPatienceS);
  }
  fail(ErrorKind::kFailed,
       "{}: the collection covers {} to {}, the run was {} to {}: let SoC Watch collect during the "
       "run",
       file_, format_utc(report->start_unix_s),
       format_utc(report->start_unix_s + report->duration_s), format_utc(start_unix_s_),
       format_utc(stop_unix_s));
}

MeterReading SocwatchMeter::stop() {
  MeterReading reading;
  reading.duration_s = clock_.now_s() - start_s_;
  const SocwatchReport report = wait_for_report(start_unix_s_ + reading.duration_s);
  if (report.duration_s > (1 + kMostExcess) * reading.duration_s + kStartSlackS) {
    fail(ErrorKind::kFailed,
         "{}: the collection lasted {:.3g} s, the run {:.3g} s: its average holds more than the "
         "run; end the collection with it",
         file_, report.duration_s, reading.duration_s);
  }
  double total_j = 0;
  for (RailEnergy rail : report.rails) {
    rail.energy_j *= reading.duration_s / report.duration_s;  // average power times the run
    total_j += rail.energy_j;
    reading.rails.push_back(std::move(rail));
  }
  if (total_j == 0) fail(ErrorKind::kFailed, "{}: every component reads zero", file_);
  reading.energy_j = total_j;
  return reading;
}

}  // namespace

SocwatchReport parse_socwatch(std::string_view text, std::string_view file) {
  require_plain_text(text, file);
  const std::vector<std::string_view> lines = lines_of(text);
  SocwatchReport report;
  const std::string_view start = value_of(lines, "Data Collection Started:", file);
  report.start_unix_s = parse_start_s(start, file);
  const std::string_view duration = value_of(lines, "Collection duration (sec):", file);
  const std::optional<double> duration_s = parse_number(duration);
  if (!duration_s || *duration_s <= 0) {
    fail(ErrorKind::kInput, "{}: '{}' is no duration of a collection", file, duration);
  }
  report.duration_s = *duration_s;
  for (const std::string_view heading : {"Package Power Summary: Average Rate and Total",
                                         "DRAM Power Summary: Average Rate and Total"}) {
    for (RailEnergy& rail : parse_summary(lines, heading, file)) {
      report.rails.push_back(std::move(rail));
    }
  }
  if (report.rails.empty()) {
    fail(ErrorKind::kInput, "{}: no power summary: collect with 'socwatch -f power'", file);
  }
  return report;
}

std::unique_ptr<Meter> make_socwatch_meter(const std::string& file, Clock& clock) {
  // The report comes after the run; what can never be one is known before.
  const std::string kind = special_kind(file);
  if (!kind.empty()) fail(ErrorKind::kInput, "{}: found {}, wanted a file", file, kind);
  return std::make_unique<SocwatchMeter>(file, clock);
}

}  // namespace wattgrind
