#include "estimator/meters/meter_ina3221.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/formats/csv.h"
#include "estimator/meters/periodic_sampler.h"

namespace wattgrind {
namespace {

// As Rodrigues et al. (IISWC 2017) sample the Jetson TX1's rails.
constexpr double kPeriodS = 0.001;
// The chip converts in 140 us to 8 ms and the drivers leave 1.1 ms for each of voltage and
// current: an interval is known to within a few conversions (INA3221 data sheet, SBOS576).
constexpr double kUpdateS = 0.005;
constexpr int kChannels = 3;
constexpr std::array<std::string_view, 2> kModuleRails = {"VDD_IN", "POM_5V_IN"};

// Power is either one file, or the product of two.
struct Rail {
  std::string name;
  std::string power_file;    // mW; empty: voltage times current
  std::string voltage_file;  // mV
  std::string current_file;  // mA
  bool in_total = false;
  std::vector<PowerSample> series = {};  // since start
};

bool is_wired(const SysfsValue& label) { return label.text && *label.text != "NC"; }

std::vector<Rail> hwmon_rails(const Sysfs& sysfs, const std::string& folder) {
  std::vector<Rail> rails;
  if (sysfs.read(folder + "/name").text != "ina3221") return rails;
  for (int i = 1; i <= kChannels; ++i) {
    const SysfsValue label = sysfs.read(fmt::format("{}/in{}_label", folder, i));
    if (!is_wired(label)) continue;
    rails.push_back({*label.text, "", fmt::format("{}/in{}_input", folder, i),
                     fmt::format("{}/curr{}_input", folder, i)});
  }
  return rails;
}

std::vector<Rail> iio_rails(const Sysfs& sysfs, const std::string& folder) {
  std::vector<Rail> rails;
  for (int i = 0; i < kChannels; ++i) {
    const SysfsValue label = sysfs.read(fmt::format("{}/rail_name_{}", folder, i));
    if (!is_wired(label)) continue;
    Rail rail{*label.text, fmt::format("{}/in_power{}_input", folder, i),
              fmt::format("{}/in_voltage{}_input", folder, i),
              fmt::format("{}/in_current{}_input", folder, i)};
    if (sysfs.read(rail.power_file).error == ENOENT) rail.power_file.clear();
    rails.push_back(std::move(rail));
  }
  return rails;
}

class Ina3221Meter : public Meter {
 public:
  Ina3221Meter(Sysfs& sysfs, Clock& clock)
      : sysfs_(sysfs), sampler_(clock, kPeriodS, [this](double time_s) { sample(time_s); }) {
    find_rails();
    for (const Rail& rail : rails_) power_w(rail, ErrorKind::kMissing);
  }

  std::string name() const override { return "ina3221"; }
  bool tells_loads_apart() const override { return true; }

  void start() override {
    for (Rail& rail : rails_) rail.series.clear();
    series_.clear();
    sampler_.start();
  }

  MeterReading stop() override;

  double least_duration_s(double, double relative_error) const override {
    return kUpdateS / relative_error;
  }

 private:
  void find_rails();
  double milli(const std::string& file, ErrorKind kind) const;
  double power_w(const Rail& rail, ErrorKind kind) const;
  void sample(double time_s);

  Sysfs& sysfs_;
  std::vector<Rail> rails_;
  std::vector<PowerSample> series_;
  PeriodicSampler sampler_;  // last: its thread uses what stands above
};

void Ina3221Meter::find_rails() {
  const auto add = [this](std::vector<Rail> rails) {
    rails_.insert(rails_.end(), rails.begin(), rails.end());
  };
  for (const std::string& device : sysfs_.list("class/hwmon")) {
    add(hwmon_rails(sysfs_, "class/hwmon/" + device));
  }
  if (rails_.empty()) {
    for (const std::string& device : sysfs_.list("bus/iio/devices")) {
      add(iio_rails(sysfs_, "bus/iio/devices/" + device));
    }
  }
  if (rails_.empty()) {
    fail(ErrorKind::kMissing,
         "no INA3221 rails in {0}/class/hwmon or {0}/bus/iio/devices: run on a Jetson board with "
         "its own kernel ('sudo modprobe ina3221'), or use another --meter",
         sysfs_.root());
  }
  const auto is_module = [](const Rail& rail) {
    return std::find(kModuleRails.begin(), kModuleRails.end(), rail.name) != kModuleRails.end();
  };
  const bool has_module = std::any_of(rails_.begin(), rails_.end(), is_module);
  for (Rail& rail : rails_) rail.in_total = !has_module || is_module(rail);
}

double Ina3221Meter::milli(const std::string& file, ErrorKind kind) const {
  const SysfsValue value = sysfs_.read(file);
  if (value.error == EACCES) {
    fail(ErrorKind::kMissing, "{0}/{1}: not readable: run 'sudo chmod a+r {0}/{1}'", sysfs_.root(),
         file);
  }
  if (!value.text) {
    fail(kind, "{}/{}: the rail cannot be read: {}: see what 'sudo dmesg' says of it",
         sysfs_.root(), file, std::strerror(value.error));
  }
  const std::optional<double> number = parse_number(*value.text);
  if (!number) {
    fail(ErrorKind::kFailed, "{}/{}: expected a number, found '{}'", sysfs_.root(), file,
         *value.text);
  }
  return *number;
}

double Ina3221Meter::power_w(const Rail& rail, ErrorKind kind) const {
  if (!rail.power_file.empty()) return 1e-3 * milli(rail.power_file, kind);
  return 1e-6 * milli(rail.voltage_file, kind) * milli(rail.current_file, kind);
}

void Ina3221Meter::sample(double time_s) {
  double total_w = 0;
  for (Rail& rail : rails_) {
    rail.series.push_back({time_s, power_w(rail, ErrorKind::kFailed)});
    if (rail.in_total) total_w += rail.series.back().power_w;
  }
  series_.push_back({time_s, total_w});
}

MeterReading Ina3221Meter::stop() {
  MeterReading reading;
  reading.missed_samples = sampler_.stop();
  const double start_s = series_.front().time_s, stop_s = series_.back().time_s;
  reading.duration_s = stop_s - start_s;
  reading.samples = series_.size();
  reading.series = std::move(series_);
  double total_j = 0;
  for (Rail& rail : rails_) {
    const double energy_j = energy_between_j(rail.series, start_s, stop_s);
    reading.rails.push_back({rail.name, energy_j, rail.in_total, std::move(rail.series)});
    if (rail.in_total) total_j += energy_j;
    if (energy_j == 0) {
      reading.warnings.push_back(fmt::format("rail {} read zero throughout", rail.name));
    }
  }
  if (total_j == 0) {
    fail(ErrorKind::kFailed, "the board's rails read zero throughout {:.3g} s: is the monitor on?",
         reading.duration_s);
  }
  // The shunts' voltage has a sign and, near zero, an offset.
  if (total_j < 0) {
    fail(ErrorKind::kFailed,
         "the board's rails read {:.3g} W over {:.3g} s, below zero: use another --meter",
         total_j / reading.duration_s, reading.duration_s);
  }
  reading.energy_j = total_j;
  return reading;
}

}  // namespace

std::unique_ptr<Meter> make_ina3221_meter(Sysfs& sysfs, Clock& clock) {
  return std::make_unique<Ina3221Meter>(sysfs, clock);
}

}  // namespace wattgrind
