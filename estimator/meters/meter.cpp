#include "estimator/meters/meter.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/meters/meter_ina2xx.h"
#include "estimator/meters/meter_ina3221.h"
#include "estimator/meters/meter_log.h"
#include "estimator/meters/meter_manual.h"
#include "estimator/meters/meter_none.h"
#include "estimator/meters/meter_pmic.h"
#include "estimator/meters/meter_power_supply.h"
#include "estimator/meters/meter_rapl.h"
#include "estimator/meters/meter_socwatch.h"

namespace wattgrind {
namespace {

// The part of "kind:FILE" after the colon. Throws Error(kUsage) where it is missing.
std::string file_of(std::string_view spec, std::string_view kind) {
  const std::string_view file = spec.substr(std::min(kind.size() + 1, spec.size()));
  if (file.empty()) fail(ErrorKind::kUsage, "{}: name its file: {}:FILE", spec, kind);
  return std::string(file);
}

}  // namespace

std::optional<double> MeterReading::power_w() const {
  if (!energy_j || duration_s <= 0) return std::nullopt;
  return *energy_j / duration_s;
}

std::unique_ptr<Meter> make_meter(std::string_view spec, const MeterEnvironment& environment) {
  const std::string_view kind = spec.substr(0, spec.find(':'));
  if (kind == "log") return make_log_meter(file_of(spec, kind), environment.clock);
  if (kind == "socwatch") return make_socwatch_meter(file_of(spec, kind), environment.clock);
  if (spec == "rapl") return make_rapl_meter(environment.sysfs, environment.clock);
  if (spec == "ina3221") return make_ina3221_meter(environment.sysfs, environment.clock);
  if (spec == "ina2xx") return make_ina2xx_meter(environment.sysfs, environment.clock);
  if (spec == "pmic") return make_pmic_meter(environment.processes, environment.clock);
  if (spec == "power_supply") return make_power_supply_meter(environment.sysfs, environment.clock);
  if (spec == "manual") return make_manual_meter(environment.person, environment.clock);
  if (spec == "none") return make_time_meter(environment.clock);
  fail(ErrorKind::kUsage,
       "{}: unknown: use rapl, ina3221, ina2xx, pmic, power_supply, log:FILE, socwatch:FILE, "
       "manual or "
       "none",
       spec);
}

double net_energy_j(const MeterReading& load, const MeterReading& idle) {
  const std::optional<double> load_w = load.power_w(), idle_w = idle.power_w();
  if (!load_w || !idle_w) {
    fail(ErrorKind::kFailed, "the meter gave no energy: idle cannot be subtracted");
  }
  if (*load_w <= *idle_w) {
    fail(ErrorKind::kFailed,
         "the load took {:.2f} W, the idle system {:.2f} W: end what else runs and measure again",
         *load_w, *idle_w);
  }
  return (*load_w - *idle_w) * load.duration_s;
}

}  // namespace wattgrind
