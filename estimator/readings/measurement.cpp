#include "estimator/readings/measurement.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// A run this long is long against what starting it and reading a clock take.
constexpr double kShortestRunS = 0.2;
// The standard error of fewer runs says little.
constexpr size_t kFewestRuns = 5;
// Above this share of a run, interpolating between samples would be guessing.
constexpr double kMostGaps = 0.1;
constexpr double kWarmUpS = 0.1;
constexpr double kIdleS = 5;
// Loads pause this often to look for a signal.
constexpr double kSliceS = 0.05;
// Before any power is known, a load is presumed to draw what a small computer does.
constexpr double kPresumedPowerW = 50;

// When a load began and ended, by the clock of the meter's series.
struct Mark {
  size_t load = 0;
  double start_s = 0, stop_s = 0;
};

class Session {
 public:
  Session(const std::vector<Load>& loads, Meter& meter, Clock& clock,
          const MeasurementOptions& options, const MeasurementEvents& events)
      : loads_(loads),
        meter_(meter),
        clock_(clock),
        options_(options),
        events_(events),
        repetitions_(loads.size(), 1),
        gaps_s_(loads.size(), 0),
        is_finished_(loads.size(), false) {
    for (const Load& load : loads) result_.loads.push_back({load.workload, {}, {}, {}, {}});
  }

  Measurements run() && {
    plan();
    attempt([this] {
      measure_idle();
      for (size_t i = 0; i < loads_.size() && !interrupted(); ++i) warm_up(i);
      while (!interrupted() && !active().empty()) run_round();
    });
    result_.interrupted = interrupted();
    for (size_t i = 0; i < loads_.size(); ++i) {
      if (is_finished_[i] || result_.loads[i].runs.empty()) continue;
      attempt([this, i] { finish(i); });
    }
    std::erase_if(result_.loads, [](const Measurement& load) { return load.runs.empty(); });
    if (result_.failure && result_.loads.empty()) throw Error(*result_.failure);
    return std::move(result_);
  }

 private:
  // Keeps the first failure: the runs that ended before are good.
  template <typename Action>
  void attempt(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      // A meter that waits stops waiting.
      if (error.kind() == ErrorKind::kInterrupted || result_.failure) return;
      result_.failure = error;
    }
  }

  void show(const std::string& progress) const {
    if (events_.progress) events_.progress(progress);
  }

  // Decides how long a run is, and how many there must be.
  void plan() {
    const double wanted_s = meter_.least_duration_s(kPresumedPowerW, options_.relative_error);
    run_s_ = std::max(kShortestRunS, wanted_s);
    if (static_cast<double>(kFewestRuns) * run_s_ <= options_.time_limit_s) return;
    fewest_runs_ = 1;
    run_s_ = std::min(run_s_, options_.time_limit_s);
    if (wanted_s <= run_s_ || !events_.warn) return;
    events_.warn(
        fmt::format("{}: to read a load of {:.0f} W within {:.3g} % takes {:.0f} s, and the time "
                    "limit is {:.0f} "
                    "s: raise it, or be content with a larger error",
                    meter_.name(), kPresumedPowerW, 100 * options_.relative_error, wanted_s,
                    options_.time_limit_s));
  }

  void measure_idle() {
    if (!options_.subtract_idle || !meter_.reads_energy()) return;
    const double idle_s = std::max(run_s_, std::min(kIdleS, options_.time_limit_s));
    show(fmt::format("idle for {:.3g} s", idle_s));
    meter_.start();
    const double end_s = clock_.now_s() + idle_s;
    while (clock_.now_s() < end_s && !interrupted()) {
      clock_.sleep_until(std::min(end_s, clock_.now_s() + kSliceS), {});
    }
    if (interrupted()) return;
    idle_ = stop_meter();
    const double gaps_s =
        idle_->series.empty()
            ? 0
            : sampled_gaps_s("idle", *idle_, end_s - idle_s, end_s - idle_s + idle_->duration_s);
    for (Measurement& load : result_.loads) {
      if (gaps_s > 0) load.warnings.push_back(gap_text("idle: ", gaps_s, idle_->duration_s));
      load.idle_power_w = idle_->power_w();
      for (const RailEnergy& rail : idle_->rails) {
        load.idle_rails.push_back({rail.name, rail.energy_j / idle_->duration_s, rail.in_total});
      }
    }
  }

  MeterReading stop_meter() {
    MeterReading reading = meter_.stop();
    result_.samples += reading.samples;
    result_.missed_samples += reading.missed_samples;
    return reading;
  }

  // Brings caches, clocks and pages to where repetitions find them, and learns how many fit a run.
  void warm_up(size_t i) {
    show("warming up " + loads_[i].workload);
    const double start_s = clock_.now_s();
    uint64_t done = 0;
    do {
      loads_[i].run();
      ++done;
    } while (clock_.now_s() - start_s < kWarmUpS && !interrupted());
    const double once_s = (clock_.now_s() - start_s) / static_cast<double>(done);
    repetitions_[i] = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(run_s_ / once_s)));
    slice_.push_back(std::max<uint64_t>(1, static_cast<uint64_t>(kSliceS / once_s)));
  }

  // False if interrupted before all repetitions were made.
  bool run_load(size_t i) {
    for (uint64_t done = 0; done < repetitions_[i];) {
      if (interrupted()) return false;
      const uint64_t end = std::min(repetitions_[i], done + slice_[i]);
      for (; done < end; ++done) loads_[i].run();
    }
    return true;
  }

  std::vector<size_t> active() const {
    std::vector<size_t> indices;
    for (size_t i = 0; i < loads_.size(); ++i) {
      if (!is_finished_[i]) indices.push_back(i);
    }
    return indices;
  }

  void run_round() {
    const std::vector<size_t> indices = active();
    if (meter_.tells_loads_apart()) {
      run_together(indices);
    } else {
      for (const size_t i : indices) {
        if (!run_alone(i)) return;
      }
    }
    for (const size_t i : indices) {
      if (is_enough(result_.loads[i])) finish(i);
    }
  }

  bool run_alone(size_t i) {
    show_run(i);
    meter_.start();
    if (!run_load(i)) return false;
    MeterReading reading = stop_meter();
    for (RailEnergy& rail : reading.rails) rail.series.clear();
    keep(i, {repetitions_[i], reading.duration_s, reading.energy_j, std::move(reading.rails)},
         reading.warnings);
    return true;
  }

  void run_together(const std::vector<size_t>& indices) {
    std::vector<Mark> marks;
    meter_.start();
    for (const size_t i : indices) {
      show_run(i);
      const double start_s = clock_.now_s();
      if (!run_load(i)) break;
      marks.push_back({i, start_s, clock_.now_s()});
    }
    const MeterReading reading = stop_meter();
    for (const Mark& mark : marks) {
      gaps_s_[mark.load] +=
          sampled_gaps_s(loads_[mark.load].workload, reading, mark.start_s, mark.stop_s);
      MeteredRun run{
          repetitions_[mark.load], mark.stop_s - mark.start_s, energy_of(mark, reading.series), {}};
      for (const RailEnergy& rail : reading.rails) {
        if (rail.series.empty()) continue;
        run.rails.push_back({rail.name, energy_of(mark, rail.series), rail.in_total});
      }
      keep(mark.load, std::move(run), reading.warnings);
    }
  }

  static double energy_of(const Mark& mark, const std::vector<PowerSample>& series) {
    // A log's times come from another clock: they are equal to a microsecond only.
    const double first_s = series.front().time_s, last_s = series.back().time_s;
    return energy_between_j(series, std::clamp(mark.start_s, first_s, last_s),
                            std::clamp(mark.stop_s, first_s, last_s));
  }

  static std::string gap_text(std::string_view what, double gaps_s, double duration_s) {
    return fmt::format("{}{:.2g} of {:.3g} s ({:.2g} %) lie in gaps between the meter's samples",
                       what, gaps_s, duration_s, 100 * gaps_s / duration_s);
  }

  // What of a run lies in gaps, over which power was only interpolated. Throws Error(kFailed) where
  // that is too much.
  static double sampled_gaps_s(std::string_view what, const MeterReading& reading, double start_s,
                               double stop_s) {
    const double gaps_s = unsampled_s(reading.series, start_s, stop_s, reading.most_pause_s);
    if (gaps_s <= kMostGaps * (stop_s - start_s)) return gaps_s;
    fail(ErrorKind::kFailed, "{}, more than a tenth: see why the meter paused, and measure again",
         gap_text(fmt::format("{}: ", what), gaps_s, stop_s - start_s));
  }

  void show_run(size_t i) const {
    const std::optional<double> error = result_.loads[i].relative_error();
    show(fmt::format("{}, run {}{}", loads_[i].workload, result_.loads[i].runs.size() + 1,
                     error ? fmt::format(", +-{:.1f} %", 100 * *error) : ""));
  }

  void keep(size_t i, MeteredRun run, const std::vector<std::string>& warnings) {
    Measurement& load = result_.loads[i];
    load.runs.push_back(std::move(run));
    for (const std::string& warning : warnings) {
      if (std::find(load.warnings.begin(), load.warnings.end(), warning) == load.warnings.end()) {
        load.warnings.push_back(warning);
      }
    }
  }

  bool is_enough(const Measurement& load) const {
    if (load.runs.size() < fewest_runs_) return false;
    const std::optional<double> error = load.relative_error();
    if (!error || *error <= options_.relative_error) return true;
    const double next_s = load.duration_s() / static_cast<double>(load.runs.size());
    return load.duration_s() + next_s > options_.time_limit_s;
  }

  void finish(size_t i) {
    Measurement& load = result_.loads[i];
    is_finished_[i] = true;
    if (idle_) {
      MeterReading whole;
      whole.duration_s = load.duration_s();
      whole.energy_j = load.total_energy_j();
      try {
        within(load.workload, [&] { return net_energy_j(whole, *idle_); });
      } catch (const Error&) {
        load.runs.clear();  // they are no measurement of it
        throw;
      }
    }
    if (gaps_s_[i] > 0) load.warnings.push_back(gap_text("", gaps_s_[i], load.duration_s()));
    warn_of_precision(load);
    if (events_.finished) events_.finished(load);
  }

  void warn_of_precision(Measurement& load) const {
    const bool is_cut_short = result_.failure || interrupted();
    const std::optional<double> error = load.relative_error();
    if (is_cut_short && load.runs.size() < fewest_runs_) {
      load.warnings.push_back(fmt::format("{} of {} runs: the measurement was cut short",
                                          load.runs.size(), fewest_runs_));
    } else if (error && *error > options_.relative_error) {
      load.warnings.push_back(
          fmt::format("known to +-{:.1f} % after {:.0f} s, not to the {:.3g} % wanted: {}",
                      100 * *error, load.duration_s(), 100 * options_.relative_error,
                      is_cut_short ? "the measurement was cut short" : "raise the time limit"));
    }
  }

  const std::vector<Load>& loads_;
  Meter& meter_;
  Clock& clock_;
  const MeasurementOptions& options_;
  const MeasurementEvents& events_;
  double run_s_ = kShortestRunS;
  size_t fewest_runs_ = kFewestRuns;
  std::optional<MeterReading> idle_;
  std::vector<uint64_t> repetitions_;  // by load: of a run
  std::vector<uint64_t> slice_;        // by load: repetitions between looks for a signal
  std::vector<double> gaps_s_;         // by load: of its runs, in gaps of the meter's series
  std::vector<bool> is_finished_;
  Measurements result_;
};

}  // namespace

Measurements measure(const std::vector<Load>& loads, Meter& meter, Clock& clock,
                     const MeasurementOptions& options, const MeasurementEvents& events) {
  CHECK(options.relative_error > 0 && options.time_limit_s > 0, "{}, {} s", options.relative_error,
        options.time_limit_s);
  return Session(loads, meter, clock, options, events).run();
}

}  // namespace wattgrind
