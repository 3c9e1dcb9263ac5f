#include "estimator/meters/meter_log.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "estimator/base/error.h"
#include "estimator/meters/power_log.h"
#include "estimator/system/calendar.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// Fewer samples than this inside a run say little of it.
constexpr size_t kFewSamples = 10;
// A logger that is late by this many of its paces is not writing any more, or not of now.
constexpr double kMostPaces = 3;
// The shortest wait for a file to grow: a logger that writes in blocks may leave it for seconds.
constexpr double kLeastPatienceS = 10;
// The file is looked at this often, so that its growth is seen at most this late.
constexpr double kLookS = 0.1;
constexpr double kSeenLateS = 0.3;

class LogMeter : public Meter {
 public:
  LogMeter(std::string file, Clock& clock) : file_(std::move(file)), clock_(clock) {
    const PowerLog before = read();
    pace_s_ = pace_s(before.series);
    // Times to come need no second look: waiting brings them no nearer.
    require_now(before, true);
    const PowerLog after = wait_until_it_grows(before.series.back().time_s);
    pace_s_ = pace_s(after.series);
    block_s_ = after.series.back().time_s - before.series.back().time_s;
    require_now(after, false);
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
    const PowerLog log = wait_for(stop_unix_s);
    require_overlap(log.series, stop_unix_s);
    return join(log, duration_s, stop_unix_s);
  }

  double least_duration_s(double, double) const override {
    return static_cast<double>(kFewSamples) * pace_s_;
  }

 private:
  // The log without the line that is being written.
  PowerLog read() {
    const std::string text = read_file(file_);
    read_bytes_ = text.size();
    const size_t whole_lines = text.find_last_of('\n') + 1;  // 0 where there is none
    return parse_power_log(std::string_view(text).substr(0, whole_lines), file_);
  }

  double patience_s() const {
    return std::max(kLeastPatienceS, kMostPaces * std::max(pace_s_, block_s_));
  }

  // Waits until the file is not as long as it was when it was read: a long log takes long to read.
  // False if that does not happen until end_s.
  bool wait_for_change(double end_s) const {
    const auto length = [this] {
      std::error_code ignored;  // read() will tell
      return std::filesystem::file_size(file_, ignored);
    };
    while (clock_.now_s() < end_s) {
      throw_if_interrupted();
      clock_.sleep_until(clock_.now_s() + kLookS, {});
      if (length() != read_bytes_) return true;
    }
    return false;
  }

  PowerLog wait_until_it_grows(double newest_s) {
    const double end_s = clock_.now_s() + patience_s();
    while (wait_for_change(end_s)) {
      PowerLog log = read();
      if (log.series.back().time_s != newest_s) return log;
    }
    fail(
        ErrorKind::kFailed,
        "{}: its newest line is of {}, {} ago, and none was added in {}: start the logger, and let "
        "it write every line at once (stdbuf -oL)",
        file_, format_utc(newest_s), format_duration(clock_.unix_s() - newest_s),
        format_duration(patience_s()));
  }

  // Waits as long as the file grows, and for a block that may be due.
  PowerLog wait_for(double stop_unix_s) {
    PowerLog log = read();
    double end_s = clock_.now_s() + patience_s();
    while (log.series.back().time_s < stop_unix_s && wait_for_change(end_s)) {
      const double newest_s = log.series.back().time_s;
      log = read();
      if (log.series.back().time_s != newest_s) end_s = clock_.now_s() + patience_s();
    }
    return log;
  }

  void require_now(const PowerLog& log, bool only_ahead) const {
    const double ahead_s = log.series.back().time_s - clock_.unix_s();
    if ((only_ahead ? ahead_s : std::abs(ahead_s)) <= kMostPaces * pace_s_ + kSeenLateS) return;
    fail(ErrorKind::kFailed, "{}: its newest line is of {}, {} {} this computer's clock: {}", file_,
         format_utc(log.series.back().time_s), format_duration(std::abs(ahead_s)),
         ahead_s > 0 ? "ahead of" : "behind",
         log.has_zones ? "set the clocks of both"
                       : "write the zone of its times, as in 2025-01-14 12:00:00+01:00, or set the "
                         "clocks of both");
  }

  void require_overlap(const std::vector<PowerSample>& log, double stop_unix_s) const {
    if (log.front().time_s <= start_unix_s_ && stop_unix_s <= log.back().time_s) return;
    fail(ErrorKind::kFailed,
         "{}: the log covers {} to {}, the run was {} to {}: keep the logger running during the "
         "run",
         file_, format_utc(log.front().time_s), format_utc(log.back().time_s),
         format_utc(start_unix_s_), format_utc(stop_unix_s));
  }

  MeterReading join(const PowerLog& log, double duration_s, double stop_unix_s) const {
    MeterReading reading;
    reading.duration_s = duration_s;
    for (const PowerSample& sample : log.series) {
      // The log is on the calendar's clock, marks of loads are on the monotonic one.
      reading.series.push_back({sample.time_s - start_unix_s_ + start_s_, sample.power_w});
      if (sample.time_s >= start_unix_s_ && sample.time_s <= stop_unix_s) ++reading.samples;
    }
    const double energy_j = energy_between_j(log.series, start_unix_s_, stop_unix_s);
    if (energy_j == 0) {
      fail(ErrorKind::kFailed, "{}: reads zero throughout the run: is the logger's sensor on?",
           file_);
    }
    reading.energy_j = energy_j;
    reading.most_pause_s = kMostPaces * pace_s_;
    reading.rails = {{file_, energy_j, true}};
    if (log.averaged_lines > 0) {
      reading.warnings.push_back(fmt::format(
          "{}: lines that bear one time were averaged: write fractions of seconds", file_));
    }
    if (reading.samples < kFewSamples) {
      reading.warnings.push_back(fmt::format("{}: only {} samples in {:.3g} s: run longer", file_,
                                             reading.samples, duration_s));
    }
    return reading;
  }

  std::string file_;
  Clock& clock_;
  double pace_s_ = 0;
  uintmax_t read_bytes_ = 0;
  double block_s_ = 0;  // of the log's time, what was written at once
  double start_s_ = 0;
  double start_unix_s_ = 0;
};

}  // namespace

std::unique_ptr<Meter> make_log_meter(const std::string& file, Clock& clock) {
  return std::make_unique<LogMeter>(file, clock);
}

}  // namespace wattgrind
