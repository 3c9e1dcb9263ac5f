#include "estimator/meters/meter_rapl.h"

#include <fmt/ranges.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "estimator/base/error.h"
#include "estimator/meters/periodic_sampler.h"

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

const std::string kPowercap = "class/powercap";

struct Zone {
  std::string name;    // "package-0", "package-0/dram"
  std::string folder;  // below sysfs
  bool in_total = false;
  uint64_t counter_uj = 0;  // at the last sample
  double energy_j = 0;      // since start
};

class RaplMeter : public Meter {
 public:
  RaplMeter(Sysfs& sysfs, Clock& clock)
      : sysfs_(sysfs), sampler_(clock, kPeriodS, [this](double time_s) { sample(time_s); }) {
    find_zones();
    require_readable();
  }

  std::string name() const override { return "rapl"; }

  void start() override {
    samples_ = 0;
    series_.clear();
    sampler_.start();
  }

  MeterReading stop() override;

  double least_duration_s(double, double relative_error) const override {
    return kUpdateS / relative_error;
  }

 private:
  void find_zones();
  void require_readable() const;
  uint64_t read_number(const Zone& zone, const std::string& file) const;
  void sample(double time_s);
  void begin(double time_s);
  double energy_since_last_j(const Zone& zone, uint64_t now_uj, double elapsed_s) const;

  Sysfs& sysfs_;
  std::vector<Zone> zones_;
  double start_s_ = 0;
  double last_s_ = 0;     // of the last sample
  double plotted_s_ = 0;  // end of the last element of series_
  double unplotted_j_ = 0;
  uint64_t samples_ = 0;
  std::vector<PowerSample> series_;
  PeriodicSampler sampler_;  // last: its thread uses what stands above
};

void RaplMeter::find_zones() {
  for (const std::string& entry : sysfs_.list(kPowercap)) {
    if (!entry.starts_with("intel-rapl:")) continue;
    const std::string folder = kPowercap + "/" + entry;
    const SysfsValue zone_name = sysfs_.read(folder + "/name");
    if (!zone_name.text) continue;
    Zone zone{*zone_name.text, folder};
    const bool nested = entry.find(':', std::strlen("intel-rapl:")) != std::string::npos;
    if (nested) {
      const std::string parent = entry.substr(0, entry.rfind(':'));
      zone.name = sysfs_.read(kPowercap + "/" + parent + "/name").text.value_or(parent) + "/" +
                  *zone_name.text;
    }
    zone.in_total = nested ? *zone_name.text == "dram" : zone_name.text->starts_with("package");
    zones_.push_back(std::move(zone));
  }
  for (const Zone& zone : zones_) {
    if (zone.in_total) return;
  }
  fail(ErrorKind::kMissing,
       "no RAPL package zone in {}/{}: run on a physical Intel or AMD machine (virtual machines "
       "have none) after 'sudo modprobe intel_rapl_msr', or use another --meter",
       sysfs_.root(), kPowercap);
}

void RaplMeter::require_readable() const {
  std::vector<std::string> denied;
  for (const Zone& zone : zones_) {
    if (sysfs_.read(zone.folder + "/energy_uj").error == EACCES) {
      denied.push_back(sysfs_.root() + "/" + zone.folder + "/energy_uj");
    }
  }
  if (denied.empty()) return;
  fail(ErrorKind::kMissing, "RAPL counters are for root alone: run 'sudo chmod a+r {}'",
       fmt::join(denied, " "));
}

uint64_t RaplMeter::read_number(const Zone& zone, const std::string& file) const {
  const std::string path = zone.folder + "/" + file;
  const SysfsValue value = sysfs_.read(path);
  if (!value.text) {
    fail(ErrorKind::kFailed, "{}/{}: the RAPL zone {} cannot be read any more: {}", sysfs_.root(),
         path, zone.name, std::strerror(value.error));
  }
  uint64_t number = 0;
  const char* end = value.text->data() + value.text->size();
  const auto [stop, error] = std::from_chars(value.text->data(), end, number);
  if (error != std::errc() || stop != end) {
    fail(ErrorKind::kFailed, "{}/{}: expected microjoules, found '{}'", sysfs_.root(), path,
         *value.text);
  }
  return number;
}

void RaplMeter::begin(double time_s) {
  for (Zone& zone : zones_) {
    zone.counter_uj = read_number(zone, "energy_uj");
    zone.energy_j = 0;
  }
  start_s_ = last_s_ = plotted_s_ = time_s;
  unplotted_j_ = 0;
}

double RaplMeter::energy_since_last_j(const Zone& zone, uint64_t now_uj, double elapsed_s) const {
  if (now_uj >= zone.counter_uj) return 1e-6 * static_cast<double>(now_uj - zone.counter_uj);
  const uint64_t range_uj = read_number(zone, "max_energy_range_uj");
  const double wrapped_j =
      1e-6 * (static_cast<double>(range_uj) - static_cast<double>(zone.counter_uj) +
              static_cast<double>(now_uj));
  // What a counter shows of an instant is an update's worth.
  if (range_uj < zone.counter_uj || wrapped_j > kMostPowerW * (elapsed_s + kUpdateS)) {
    fail(ErrorKind::kFailed,
         "the RAPL counter of {} went backwards, from {} to {} uJ, and not by wrapping at {}: "
         "something reset it; measure again",
         zone.name, zone.counter_uj, now_uj, range_uj);
  }
  return wrapped_j;
}

void RaplMeter::sample(double time_s) {
  if (samples_++ == 0) return begin(time_s);
  for (Zone& zone : zones_) {
    const uint64_t now_uj = read_number(zone, "energy_uj");
    const double step_j = energy_since_last_j(zone, now_uj, time_s - last_s_);
    zone.counter_uj = now_uj;
    zone.energy_j += step_j;
    if (zone.in_total) unplotted_j_ += step_j;
  }
  last_s_ = time_s;
  // A power over less than a few updates of the counter would be noise.
  const double elapsed_s = time_s - plotted_s_;
  if (elapsed_s < 10 * kUpdateS) return;
  // The counter gives the mean of the interval: as a sample it belongs to the middle.
  series_.push_back({plotted_s_ + elapsed_s / 2, unplotted_j_ / elapsed_s});
  plotted_s_ = time_s;
  unplotted_j_ = 0;
}

MeterReading RaplMeter::stop() {
  MeterReading reading;
  reading.missed_samples = sampler_.stop();
  reading.duration_s = last_s_ - start_s_;
  reading.samples = samples_;
  reading.series = std::move(series_);
  double total_j = 0;
  for (const Zone& zone : zones_) {
    const bool counts = zone.in_total && zone.energy_j > 0;
    reading.rails.push_back({zone.name, zone.energy_j, counts});
    if (counts) total_j += zone.energy_j;
    if (zone.in_total && !counts) {
      reading.warnings.push_back(
          fmt::format("RAPL zone {} read zero throughout: it is not in the total", zone.name));
    }
  }
  if (total_j == 0) {
    fail(ErrorKind::kFailed,
         "no RAPL zone counted anything in {:.3g} s: the counters stand still (a virtual machine?)",
         reading.duration_s);
  }
  reading.energy_j = total_j;
  return reading;
}

}  // namespace

std::unique_ptr<Meter> make_rapl_meter(Sysfs& sysfs, Clock& clock) {
  return std::make_unique<RaplMeter>(sysfs, clock);
}

}  // namespace wattgrind
