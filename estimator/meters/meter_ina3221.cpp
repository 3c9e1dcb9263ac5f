#include "estimator/meters/meter_ina3221.h"

#include <utility>

#include "estimator/meters/ina3221_rails.h"
#include "estimator/meters/meter_rails.h"

namespace wattgrind {
namespace {

// The period is that of Rodrigues et al. (IISWC 2017) on the Jetson TX1. The chip converts in 140
// us to 8 ms and the drivers leave 1.1 ms for each of voltage and current: an interval is known to
// within a few conversions (INA3221 data sheet, SBOS576).
constexpr RailTiming kIna3221Timing = {.period_s = 0.001, .update_s = 0.005};

}  // namespace

std::unique_ptr<Meter> make_ina3221_meter(Sysfs& sysfs, Clock& clock) {
  Ina3221Rails found = find_ina3221_rails(sysfs);
  return make_rails_meter("ina3221",
                          make_sysfs_rails(sysfs, std::move(found.rails), std::move(found.notes)),
                          kIna3221Timing, clock);
}

}  // namespace wattgrind
