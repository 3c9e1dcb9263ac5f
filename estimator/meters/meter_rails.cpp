#include "estimator/meters/meter_rails.h"

#include <algorithm>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/meters/periodic_sampler.h"

namespace wattgrind {
namespace {

// Pauses between samples up to this are the system's, which had something else to do.
constexpr double kMostPauseS = 0.1;
// How often, and how long after each other, the first and last samples of a run are tried again.
constexpr int kReadTries = 10;
constexpr double kRetryS = 0.01;

// A rail and what was seen of it since the run began.
struct SampledRail {
  MeteredRail rail;
  std::vector<PowerSample> series = {};
  std::string problem = {};  // of the last read; empty: it was read
  bool is_lost = false;      // it could not be read when the run began
};

class RailsMeter : public Meter {
 public:
  RailsMeter(std::string name, std::unique_ptr<RailSet> set, const RailTiming& timing, Clock& clock)
      : name_(std::move(name)),
        set_(std::move(set)),
        timing_(timing),
        clock_(clock),
        sampler_(clock, timing.period_s, [this](double time_s) {
          const bool is_first = series_.empty();
          sample(time_s);
          if (is_first) complete();
        }) {
    for (MeteredRail& rail : set_->rails()) rails_.push_back({std::move(rail)});
  }

  std::string name() const override { return name_; }
  bool tells_loads_apart() const override { return true; }

  void start() override {
    for (SampledRail& sampled : rails_) sampled = {std::move(sampled.rail)};
    series_.clear();
    sampler_.start();
  }

  MeterReading stop() override;

  double least_duration_s(double, double relative_error) const override {
    return timing_.update_s / relative_error;
  }

 private:
  const SampledRail* missing() const;
  void sample(double time_s);
  void complete();

  const std::string name_;
  const std::unique_ptr<RailSet> set_;
  const RailTiming timing_;
  Clock& clock_;
  std::vector<SampledRail> rails_;
  std::vector<PowerSample> series_;  // of the total
  PeriodicSampler sampler_;          // last: its thread uses what stands above
};

// The first rail of the total that the last sample lacks; null where it is whole.
const SampledRail* RailsMeter::missing() const {
  const auto found = std::find_if(rails_.begin(), rails_.end(), [](const SampledRail& sampled) {
    return sampled.rail.in_total && !sampled.problem.empty();
  });
  return found == rails_.end() ? nullptr : &*found;
}

// Adds a sample of every rail that can be read, and of the total if all its rails can.
void RailsMeter::sample(double time_s) {
  const bool is_first = series_.empty();
  double total_w = 0;
  set_->begin_sample();
  for (size_t i = 0; i < rails_.size(); ++i) {
    SampledRail& sampled = rails_[i];
    if (sampled.is_lost) continue;
    const RailRead read = set_->read(i);
    sampled.problem = read.problem;
    sampled.is_lost = is_first && !read.value && !sampled.rail.in_total;
    if (!read.value) continue;
    sampled.series.push_back({time_s, *read.value});
    if (sampled.rail.in_total) total_w += *read.value;
  }
  if (missing() == nullptr) {
    series_.push_back({time_s, total_w});
    return;
  }
  // The rails of the total keep its samples, so that they add up to it; the others begin with it.
  for (SampledRail& sampled : rails_) {
    if (sampled.problem.empty() && (sampled.rail.in_total || is_first)) sampled.series.pop_back();
  }
}

// Where the first or last sample lacks a rail of the total, takes it again, for a tenth of a
// second.
void RailsMeter::complete() {
  for (int i = 0; i < kReadTries && missing() != nullptr; ++i) {
    clock_.sleep_until(clock_.now_s() + kRetryS, {});
    sample(clock_.now_s());
  }
  if (missing() == nullptr) return;
  fail(ErrorKind::kFailed, "rail {} cannot be read any more: {}", missing()->rail.name,
       missing()->problem);
}

MeterReading RailsMeter::stop() {
  MeterReading reading;
  reading.missed_samples = sampler_.stop();
  complete();
  const double start_s = series_.front().time_s, stop_s = series_.back().time_s;
  reading.duration_s = stop_s - start_s;
  reading.samples = series_.size();
  reading.warnings = set_->notes();
  reading.energy_j = energy_between_j(series_, start_s, stop_s);
  reading.most_pause_s = std::max({kMostPauseS, 10 * pace_s(series_), 10 * timing_.period_s});
  for (SampledRail& sampled : rails_) {
    const std::string& name = sampled.rail.name;
    if (!sampled.problem.empty()) {
      reading.warnings.push_back(fmt::format("rail {} is left out: {}", name, sampled.problem));
      continue;
    }
    const double energy_j = energy_between_j(sampled.series, start_s, stop_s);
    reading.rails.push_back({name, energy_j, sampled.rail.in_total, std::move(sampled.series)});
    if (energy_j == 0) {
      reading.warnings.push_back(fmt::format("rail {} read zero throughout", name));
    }
  }
  reading.series = std::move(series_);
  if (*reading.energy_j == 0) {
    fail(ErrorKind::kFailed, "the board's rails read zero throughout {:.3g} s: is the monitor on?",
         reading.duration_s);
  }
  // The shunts' voltage has a sign and, near zero, an offset.
  if (*reading.energy_j < 0) {
    fail(ErrorKind::kFailed,
         "the board's rails read {:.3g} W over {:.3g} s, below zero: use another meter",
         *reading.energy_j / reading.duration_s, reading.duration_s);
  }
  return reading;
}

}  // namespace

std::unique_ptr<Meter> make_rails_meter(std::string name, std::unique_ptr<RailSet> rails,
                                        const RailTiming& timing, Clock& clock) {
  return std::make_unique<RailsMeter>(std::move(name), std::move(rails), timing, clock);
}

}  // namespace wattgrind
