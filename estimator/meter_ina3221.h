// TI INA3221: the three-channel power monitor on Jetson boards, sampled every millisecond.
//
// Found as a hwmon device (in*_label, in*_input in mV, curr*_input in mA) or as the iio device of
// NVIDIA's older kernels (rail_name_*, in_power*_input in mW, or in_voltage*_input and
// in_current*_input). The rail whose name ends in _IN is the whole board; the others are parts of
// it. Without such a rail the total is the sum of all rails.
#pragma once

#include <memory>

#include "estimator/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_ina3221_meter(Sysfs& sysfs, Clock& clock);

}  // namespace wattgrind
