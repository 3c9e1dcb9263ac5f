#include "estimator/readings/layer_turns.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/base/quantile.h"
#include "estimator/system/interrupt.h"

namespace wattgrind {
namespace {

// A warm run this long is long against reading a clock.
constexpr double kWarmRunS = 0.006;
constexpr double kTurnWarmUpS = 0.002;
// Emptying caches takes longer than what then runs.
constexpr double kColdRunS = 0.001;
constexpr uint64_t kMostColdRepetitions = 8;
constexpr size_t kFewestTurns = 9;
constexpr int kClockReadings = 100;
// A repetition that is timed alone must take this many times as long as reading the clock does.
constexpr double kLeastOfClock = 3;

// What one state of a load's caches has come to.
struct Series {
  size_t load = 0;
  CacheWarmth caches = CacheWarmth::kWarm;
  uint64_t repetitions = 1;     // of a run
  std::vector<double> times_s;  // of a repetition, by run
  double spent_s = 0;
};

class Turns {
 public:
  Turns(const std::vector<TurnLoad>& loads, Clock& clock, const TurnOptions& options)
      : loads_(loads), clock_(clock), options_(options) {}

  std::vector<Reading> run() && {
    clock_s_ = time_of_clock();
    for (size_t i = 0; i < loads_.size() && !interrupted(); ++i) warm_up(i);
    while (!interrupted()) {
      bool any = false;
      for (Series& series : series_) {
        if (is_enough(series) || interrupted()) continue;
        any = true;
        run_once(series);
      }
      if (!any) break;
    }
    std::vector<Reading> readings;
    for (const Series& series : series_) {
      if (series.times_s.empty()) continue;
      const bool is_timed = series.caches == CacheWarmth::kWarm ||
                            quantile(series.times_s, 0.5) >= kLeastOfClock * clock_s_;
      if (is_enough(series) && is_timed) readings.push_back(reading_of(series));
    }
    return readings;
  }

 private:
  double time_of_clock() const {
    double least_s = 1;
    for (int i = 0; i < kClockReadings; ++i) {
      const double start_s = clock_.now_s();
      least_s = std::min(least_s, clock_.now_s() - start_s);
    }
    return least_s;
  }

  // Brings code and pages to where repetitions find them, and learns how many make a run.
  void warm_up(size_t i) {
    loads_[i].run();
    const double start_s = clock_.now_s();
    uint64_t done = 0;
    do {
      loads_[i].run();
      ++done;
    } while (clock_.now_s() - start_s < kTurnWarmUpS && !interrupted());
    const double once_s = (clock_.now_s() - start_s) / static_cast<double>(done);
    const auto filling = [&](double run_s) {
      return std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(run_s / once_s)));
    };
    for (const CacheWarmth caches : options_.caches) {
      const uint64_t repetitions = caches == CacheWarmth::kWarm
                                       ? filling(kWarmRunS)
                                       : std::min(kMostColdRepetitions, filling(kColdRunS));
      series_.push_back({i, caches, repetitions, {}, 0});
    }
  }

  bool is_enough(const Series& series) const {
    const size_t runs = series.times_s.size();
    if (runs < kFewestTurns) return runs >= 2 && series.spent_s > options_.time_limit_s;
    return series.spent_s > options_.time_limit_s ||
           median_relative_error(series.times_s) <= options_.relative_error;
  }

  void run_once(Series& series) const {
    const TurnLoad& load = loads_[series.load];
    const double begin_s = clock_.now_s();
    double timed_s = 0;
    if (series.caches == CacheWarmth::kWarm) {
      load.run();  // others have had the caches since
      const double start_s = clock_.now_s();
      for (uint64_t i = 0; i < series.repetitions; ++i) load.run();
      timed_s = clock_.now_s() - start_s - clock_s_;
    } else {
      for (uint64_t i = 0; i < series.repetitions; ++i) {
        load.empty_caches();
        const double start_s = clock_.now_s();
        load.run();
        timed_s += clock_.now_s() - start_s - clock_s_;
      }
    }
    series.spent_s += clock_.now_s() - begin_s;
    // No clock tells less than a nanosecond.
    series.times_s.push_back(std::max(timed_s, 1e-9) / static_cast<double>(series.repetitions));
  }

  Reading reading_of(const Series& series) const {
    const TurnLoad& load = loads_[series.load];
    Reading reading;
    reading.workload = load.workload;
    reading.batch = load.batch;
    reading.caches = series.caches;
    reading.repetitions = series.repetitions * series.times_s.size();
    reading.duration_s = quantile(series.times_s, 0.5) * static_cast<double>(reading.repetitions);
    reading.relative_error = median_relative_error(series.times_s);
    return reading;
  }

  const std::vector<TurnLoad>& loads_;
  Clock& clock_;
  const TurnOptions& options_;
  double clock_s_ = 0;
  std::vector<Series> series_;
};

}  // namespace

double median_relative_error(const std::vector<double>& values) {
  CHECK(values.size() >= 2, "{} values", values.size());
  const double middle = quantile(values, 0.5);
  std::vector<double> deviations;
  for (const double value : values) deviations.push_back(std::abs(value - middle));
  // Of a normal distribution: deviations' median is 0.6745 sigma, and a median's standard error is
  // sqrt(pi / 2) times that of a mean.
  const double sigma = 1.4826 * quantile(std::move(deviations), 0.5);
  return 1.2533 * sigma / std::sqrt(static_cast<double>(values.size())) / middle;
}

std::vector<Reading> time_in_turns(const std::vector<TurnLoad>& loads, Clock& clock,
                                   const TurnOptions& options) {
  CHECK(options.relative_error > 0 && options.time_limit_s > 0, "{}, {} s", options.relative_error,
        options.time_limit_s);
  return Turns(loads, clock, options).run();
}

}  // namespace wattgrind
