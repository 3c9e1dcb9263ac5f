// TI's power monitors of one channel, INA219 to INA260: on carrier boards and hats, sampled every
// millisecond.
//
// Each is found as a hwmon device (power1_input in uW, or in1_input in mV and curr1_input in mA) or
// as the iio device of another kernel (in_power2_raw, in_voltage1_raw and in_current3_raw, whose
// _scale makes mW, mV and mA of them; Linux, Documentation/ABI/testing/sysfs-bus-iio). A monitor is
// named by the label that its device tree gives it, else by its chip. What it measures is the
// board's designer's choice: the total is the sum of all, with a word where there are several.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_ina2xx_meter(Sysfs& sysfs, Clock& clock);

}  // namespace wattgrind
