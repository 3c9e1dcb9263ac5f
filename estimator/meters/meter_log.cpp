#include "estimator/meters/meter_log.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/system/calendar.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// Fewer samples than this inside a run say little of it.
constexpr size_t kFewSamples = 10;

double time_s(const CsvTable& table, const CsvRow& row, size_t column, bool is_unix) {
  if (is_unix) return table.number(row, column);
  const std::optional<double> time_s = parse_time_of_day(row.fields[column]);
  if (!time_s) {
    fail(ErrorKind::kInput,
         "{}:{}: column 'time': '{}' is no date and time: expected 2025-01-14 12:00:00", table.file,
         row.line, row.fields[column]);
  }
  return *time_s;
}

// Time from one sample to the next; the median, so that a logger that was once stopped and started
// again keeps its pace. 0 of a single sample.
double pace_s(const std::vector<PowerSample>& series) {
  if (series.size() < 2) return 0;
  std::vector<double> pauses_s;
  for (size_t i = 1; i < series.size(); ++i) {
    pauses_s.push_back(series[i].time_s - series[i - 1].time_s);
  }
  const auto middle = pauses_s.begin() + static_cast<std::ptrdiff_t>(pauses_s.size() / 2);
  std::nth_element(pauses_s.begin(), middle, pauses_s.end());
  return *middle;
}

class LogMeter : public Meter {
 public:
  LogMeter(std::string file, Clock& clock) : file_(std::move(file)), clock_(clock) {
    pace_s_ = pace_s(read());
  }

  std::string name() const override { return "log:" + file_; }
  bool tells_loads_apart() const override { return true; }

  void start() override {
    start_s_ = clock_.now_s();
    start_unix_s_ = clock_.unix_s();
  }

  MeterReading stop() override {
    const double duration_s = clock_.now_s() - start_s_;
    const double stop_unix_s = start_unix_s_ + duration_s;
    std::vector<PowerSample> log = read();
    // The logger writes at its own pace: its next line may hold the end of the run.
    const double patience_s = clock_.now_s() + 3 * pace_s_;
    while (log.back().time_s < stop_unix_s && clock_.now_s() < patience_s) {
      throw_if_interrupted();
      clock_.sleep_until(std::min(clock_.now_s() + 0.5, patience_s), {});
      log = read();
    }
    require_overlap(log, stop_unix_s);
    return join(log, duration_s, stop_unix_s);
  }

  double least_duration_s(double, double) const override {
    return static_cast<double>(kFewSamples) * pace_s_;
  }

 private:
  // Without the line that is being written.
  std::vector<PowerSample> read() const {
    const std::string text = read_file(file_);
    const size_t whole_lines = text.find_last_of('\n') + 1;  // 0 where there is none
    return parse_power_log(std::string_view(text).substr(0, whole_lines), file_);
  }

  void require_overlap(const std::vector<PowerSample>& log, double stop_unix_s) const {
    if (log.front().time_s <= start_unix_s_ && stop_unix_s <= log.back().time_s) return;
    fail(ErrorKind::kFailed,
         "{}: the log covers {} to {}, the run was {} to {}: keep the logger running during the "
         "run, and its clock set",
         file_, format_utc(log.front().time_s), format_utc(log.back().time_s),
         format_utc(start_unix_s_), format_utc(stop_unix_s));
  }

  MeterReading join(const std::vector<PowerSample>& log, double duration_s,
                    double stop_unix_s) const {
    MeterReading reading;
    reading.duration_s = duration_s;
    for (const PowerSample& sample : log) {
      // From the calendar's clock to the one that marks layers.
      reading.series.push_back({sample.time_s - start_unix_s_ + start_s_, sample.power_w});
      if (sample.time_s >= start_unix_s_ && sample.time_s <= stop_unix_s) ++reading.samples;
    }
    const double energy_j = energy_between_j(log, start_unix_s_, stop_unix_s);
    if (energy_j == 0) {
      fail(ErrorKind::kFailed, "{}: reads zero throughout the run: is the logger's sensor on?",
           file_);
    }
    reading.energy_j = energy_j;
    reading.rails = {{file_, energy_j, true}};
    if (reading.samples < kFewSamples) {
      reading.warnings.push_back(fmt::format("{}: only {} samples in {:.3g} s: run longer", file_,
                                             reading.samples, duration_s));
    }
    return reading;
  }

  std::string file_;
  Clock& clock_;
  double pace_s_ = 0;
  double start_s_ = 0;
  double start_unix_s_ = 0;
};

}  // namespace

std::vector<PowerSample> parse_power_log(std::string_view text, std::string_view file) {
  const CsvTable table = parse_csv(text, file);
  const std::optional<size_t> unix_column = table.find_column("unix_s");
  const std::optional<size_t> milliwatts = table.find_column("power_mw");
  const size_t time_column = unix_column ? *unix_column : table.column("time");
  const size_t power_column = milliwatts ? *milliwatts : table.column("power_w");
  std::vector<PowerSample> series;
  for (const CsvRow& row : table.rows) {
    const PowerSample sample{time_s(table, row, time_column, unix_column.has_value()),
                             table.number(row, power_column) * (milliwatts ? 1e-3 : 1)};
    if (sample.power_w < 0) {
      fail(ErrorKind::kInput, "{}:{}: power must not be negative, found {}", file, row.line,
           row.fields[power_column]);
    }
    if (!series.empty() && sample.time_s <= series.back().time_s) {
      fail(ErrorKind::kInput, "{}:{}: time {} is not after the line before", file, row.line,
           row.fields[time_column]);
    }
    series.push_back(sample);
  }
  if (series.empty()) fail(ErrorKind::kInput, "{}: a header, but no sample", file);
  return series;
}

std::unique_ptr<Meter> make_log_meter(const std::string& file, Clock& clock) {
  return std::make_unique<LogMeter>(file, clock);
}

}  // namespace wattgrind
