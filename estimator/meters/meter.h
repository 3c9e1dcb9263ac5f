// Meters: what says how much energy an interval took.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/meters/power_series.h"
#include "estimator/system/clock.h"
#include "estimator/system/process.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {

// A part of the machine that is metered on its own.
struct RailEnergy {
  std::string name;  // "package-0", "VDD_CPU"
  double energy_j = 0;
  bool in_total = false;  // false: already part of another rail, or reads nothing
  // The rail's power over Clock::now_s(); empty unless the meter tells loads apart.
  std::vector<PowerSample> series = {};
};

// What the metered machine took between a start() and its stop().
struct MeterReading {
  double duration_s = 0;
  std::optional<double> energy_j;  // the sum of the rails in_total; absent: the meter has none
  std::vector<RailEnergy> rails;
  std::vector<PowerSample> series;  // total power over Clock::now_s(); empty: the meter has none
  double most_pause_s = 0;          // of the series: longer pauses between samples are gaps
  uint64_t samples = 0;             // taken during the interval
  uint64_t missed_samples = 0;      // due, but not taken
  std::vector<std::string> warnings;

  std::optional<double> power_w() const;  // average
};

// start() and stop() alternate; a meter may be destroyed while it measures. Both throw Error:
// kMissing when the meter is not there or may not be read (with the remedy), kFailed when it
// vanished, went backwards or read nothing, kInterrupted when a signal comes while stop() waits for
// what somebody else writes.
class Meter {
 public:
  virtual ~Meter() = default;

  virtual std::string name() const = 0;
  virtual void start() = 0;
  virtual MeterReading stop() = 0;

  virtual bool reads_energy() const { return true; }
  // Whether the series of one reading tells apart loads that ran one after the other.
  virtual bool tells_loads_apart() const { return false; }

  // How long a load of this power must run for the meter's resolution to be below relative_error;
  // 0 where any time will do.
  virtual double least_duration_s(double power_w, double relative_error) const = 0;
};

// Someone who can read a display and type.
class Operator {
 public:
  virtual ~Operator() = default;
  virtual void tell(const std::string& message) = 0;
  // Returns one line of answer; absent at the end of input.
  virtual std::optional<std::string> ask(const std::string& question) = 0;
};

struct MeterEnvironment {
  Clock& clock;
  Sysfs& sysfs;
  Operator& person;
  ProcessRunner& processes;
};

// "rapl", "ina3221", "ina2xx", "pmic", "power_supply", "log:FILE", "socwatch:FILE", "manual" or
// "none". Throws Error(kUsage) for
// anything else, Error(kMissing) with the remedy where the system has no such meter.
std::unique_ptr<Meter> make_meter(std::string_view spec, const MeterEnvironment& environment);

// Average power of the load less that of the idle system. Throws Error(kFailed) when either has
// no energy or the load is not above idle.
double net_energy_j(const MeterReading& load, const MeterReading& idle);

}  // namespace wattgrind
