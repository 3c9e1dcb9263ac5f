#include "estimator/meters/meter_rapl.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/meters/periodic_sampler.h"
#include "estimator/meters/rapl_zones.h"

namespace wattgrind {
namespace {

// The counter wraps after minutes at the earliest; sampling this often never misses a wrap, and
// costs a few file reads.
constexpr double kPeriodS = 0.1;
// The counter is brought up to date about once a millisecond (Intel SDM volume 3, 15.10.1): an
// interval is known to within one update.
constexpr double kUpdateS = 0.001;
// No zone draws this much; a counter that was reset looks like megawatts when taken for a wrap.
constexpr double kMostPowerW = 10000;
// How often, and how long after each other, the first and last samples of a run are tried again.
constexpr int kTries = 10;
constexpr double kRetryS = 0.01;

// A zone and what its counter did since the run began.
struct RunningZone {
  RaplZone zone;
  uint64_t counter_uj = 0;  // when it was last read
  double read_s = 0;        // when that was
  double energy_j = 0;
  double unplotted_j = 0;    // since the last element of the series
  std::string problem = {};  // of the last read; empty: it was read
  bool is_lost = false;      // it could not be read when the run began
  // The zones of the total before this one that always showed the same counter.
  std::vector<size_t> twins = {};
};

// The energy that every zone took between two elements of the series.
struct PlottedStep {
  double time_s = 0, elapsed_s = 0;
  std::vector<double> zone_j;
};

class RaplMeter : public Meter {
 public:
  RaplMeter(Sysfs& sysfs, Clock& clock)
      : sysfs_(sysfs),
        clock_(clock),
        sampler_(clock, kPeriodS, [this](double time_s) { sample(time_s); }) {
    RaplZones found = find_rapl_zones(sysfs, clock);
    for (RaplZone& zone : found.zones) zones_.push_back({std::move(zone)});
    left_out_ = std::move(found.left_out);
  }

  std::string name() const override { return "rapl"; }

  void start() override {
    samples_ = 0;
    steps_.clear();
    sampler_.start();
  }

  MeterReading stop() override;

  double least_duration_s(double, double relative_error) const override {
    return kUpdateS / relative_error;
  }

 private:
  static std::string file_of(const RunningZone& running) {
    return running.zone.folder + "/energy_uj";
  }

  void begin(double time_s);
  void sample(double time_s);
  void advance(RunningZone& running, uint64_t now_uj, double time_s) const;
  void plot(double time_s);
  void find_twins(size_t j);
  bool shows_same(const RunningZone& before, const RunningZone& after) const;
  const RunningZone* missing() const;
  [[noreturn]] static void fail_lost(const RunningZone& running);
  void complete_last();
  const RunningZone* twin_of(const RunningZone& running) const;

  Sysfs& sysfs_;
  Clock& clock_;
  std::vector<RunningZone> zones_;
  std::vector<std::string> left_out_;
  double start_s_ = 0;
  double last_s_ = 0;     // of the last sample
  double plotted_s_ = 0;  // end of the last element of steps_
  uint64_t samples_ = 0;
  std::vector<PlottedStep> steps_;
  PeriodicSampler sampler_;  // last: its thread uses what stands above
};

void RaplMeter::begin(double time_s) {
  for (int i = 0; true; ++i) {
    for (RunningZone& running : zones_) {
      const RaplCount count = read_rapl(sysfs_, file_of(running));
      running = {
          std::move(running.zone), count.uj.value_or(0), time_s, 0, 0, count.problem, !count.uj};
    }
    if (missing() == nullptr) break;
    if (i == kTries) fail_lost(*missing());
    clock_.sleep_until(clock_.now_s() + kRetryS, {});
    time_s = clock_.now_s();
  }
  for (size_t i = 0; i < zones_.size(); ++i) {
    for (size_t before = 0; before < i; ++before) {
      const bool may_be_twins = zones_[i].zone.in_total && zones_[before].zone.in_total;
      if (may_be_twins) zones_[i].twins.push_back(before);
    }
    find_twins(i);
  }
  start_s_ = last_s_ = plotted_s_ = time_s;
}

// Adds what the counter grew by since it was last read.
void RaplMeter::advance(RunningZone& running, uint64_t now_uj, double time_s) const {
  const auto joules = [](uint64_t uj) { return 1e-6 * static_cast<double>(uj); };
  const uint64_t before_uj = running.counter_uj, range_uj = running.zone.range_uj;
  double step_j = 0;
  if (now_uj >= before_uj) {
    step_j = joules(now_uj - before_uj);
  } else {
    step_j = joules(range_uj) - joules(before_uj) + joules(now_uj);
    // Two reads close to each other may still differ by one update of the counter.
    if (range_uj < before_uj || step_j > kMostPowerW * (time_s - running.read_s + kUpdateS)) {
      fail(ErrorKind::kFailed,
           "the RAPL counter of {} went backwards, from {} to {} uJ, and not by wrapping at {}: "
           "something reset it; measure again",
           running.zone.name, before_uj, now_uj, range_uj);
    }
  }
  running.counter_uj = now_uj;
  running.read_s = time_s;
  running.energy_j += step_j;
  running.unplotted_j += step_j;
}

// Whether two counters, read one after the other, may be one. One counter may have gone on between
// the two reads: then the second value lies between the first and what the first zone shows now.
bool RaplMeter::shows_same(const RunningZone& before, const RunningZone& after) const {
  if (before.counter_uj == after.counter_uj) return true;
  const RaplCount again = read_rapl(sysfs_, file_of(before));
  if (!again.uj) return true;  // nothing speaks against it
  if (*again.uj < before.counter_uj) {
    return after.counter_uj > before.counter_uj || after.counter_uj <= *again.uj;
  }
  return before.counter_uj < after.counter_uj && after.counter_uj <= *again.uj;
}

void RaplMeter::find_twins(size_t j) {
  const RunningZone& running = zones_[j];
  if (!running.problem.empty()) return;
  std::erase_if(zones_[j].twins, [&](size_t before) {
    return zones_[before].problem.empty() && !shows_same(zones_[before], running);
  });
}

void RaplMeter::sample(double time_s) {
  if (samples_++ == 0) return begin(time_s);
  bool total_is_known = true;
  for (size_t i = 0; i < zones_.size(); ++i) {
    RunningZone& running = zones_[i];
    if (running.is_lost) continue;
    const RaplCount count = read_rapl(sysfs_, file_of(running));
    running.problem = count.problem;
    if (count.uj) {
      advance(running, *count.uj, time_s);
      find_twins(i);
    } else if (running.zone.in_total) {
      total_is_known = false;
    }
  }
  last_s_ = time_s;
  if (total_is_known) plot(time_s);
}

void RaplMeter::plot(double time_s) {
  // A power over less than a few updates of the counter would be noise.
  const double elapsed_s = time_s - plotted_s_;
  if (elapsed_s < 10 * kUpdateS) return;
  // The counter gives the mean of the interval: as a sample it belongs to the middle.
  PlottedStep step{plotted_s_ + elapsed_s / 2, elapsed_s, {}};
  for (RunningZone& running : zones_) {
    step.zone_j.push_back(running.unplotted_j);
    running.unplotted_j = 0;
  }
  steps_.push_back(std::move(step));
  plotted_s_ = time_s;
}

// The first zone of the total that the last sample lacks; null where it is whole.
const RunningZone* RaplMeter::missing() const {
  const auto found = std::find_if(zones_.begin(), zones_.end(), [](const RunningZone& running) {
    return running.zone.in_total && !running.problem.empty();
  });
  return found == zones_.end() ? nullptr : &*found;
}

void RaplMeter::fail_lost(const RunningZone& running) {
  fail(ErrorKind::kFailed, "the RAPL zone {} cannot be read any more: {}", running.zone.name,
       running.problem);
}

// Where the last sample lacks a zone of the total, takes it again, for a tenth of a second.
void RaplMeter::complete_last() {
  for (int i = 0; i < kTries && missing() != nullptr; ++i) {
    clock_.sleep_until(clock_.now_s() + kRetryS, {});
    sample(clock_.now_s());
  }
  if (missing() != nullptr) fail_lost(*missing());
}

// The zone of the total that shows the same counter and was met before; null where there is none.
const RunningZone* RaplMeter::twin_of(const RunningZone& running) const {
  if (running.twins.empty() || running.energy_j == 0) return nullptr;
  return &zones_[running.twins.front()];
}

MeterReading RaplMeter::stop() {
  MeterReading reading;
  reading.missed_samples = sampler_.stop();
  complete_last();
  reading.duration_s = last_s_ - start_s_;
  reading.samples = samples_;
  reading.warnings = left_out_;
  std::vector<bool> counts;
  double total_j = 0;
  for (const RunningZone& running : zones_) {
    const std::string& name = running.zone.name;
    const RunningZone* twin = twin_of(running);
    counts.push_back(running.zone.in_total && running.energy_j > 0 && twin == nullptr);
    if (counts.back()) total_j += running.energy_j;
    if (!running.problem.empty()) {
      reading.warnings.push_back(fmt::format("RAPL zone {}, no part of the total, is left out: {}",
                                             name, running.problem));
      continue;
    }
    reading.rails.push_back({name, running.energy_j, counts.back()});
    if (twin != nullptr) {
      reading.warnings.push_back(fmt::format(
          "RAPL zones {} and {} show one counter: it is counted once", twin->zone.name, name));
    } else if (running.zone.in_total && running.energy_j == 0) {
      reading.warnings.push_back(
          fmt::format("RAPL zone {} read zero throughout: it is not in the total", name));
    }
  }
  if (total_j == 0) {
    fail(ErrorKind::kFailed,
         "no RAPL zone counted anything in {:.3g} s: the counters stand still (a virtual machine?)",
         reading.duration_s);
  }
  reading.energy_j = total_j;
  for (const PlottedStep& step : steps_) {
    double step_j = 0;
    for (size_t i = 0; i < zones_.size(); ++i) step_j += counts[i] ? step.zone_j[i] : 0;
    reading.series.push_back({step.time_s, step_j / step.elapsed_s});
  }
  return reading;
}

}  // namespace

std::unique_ptr<Meter> make_rapl_meter(Sysfs& sysfs, Clock& clock) {
  return std::make_unique<RaplMeter>(sysfs, clock);
}

}  // namespace wattgrind
