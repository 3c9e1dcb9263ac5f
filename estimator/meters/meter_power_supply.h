// The batteries and supplies that Linux knows (/sys/class/power_supply), sampled ten times a
// second.
//
// Power is power_now in uW, or voltage_now in uV times current_now in uA. Of batteries drivers
// differ in the sign: the amount is taken. What is in the total:
//   - while a battery discharges, the batteries that do, and supplies that are online beside them;
//   - else the supplies that are online: a battery that charges, or is full, is fed by them.
// Batteries of mice, keyboards and other devices (scope "Device") are left out. The state is looked
// at once, when the meter is made.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_power_supply_meter(Sysfs& sysfs, Clock& clock);

}  // namespace wattgrind
