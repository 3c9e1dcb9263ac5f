// TI INA3221: the three-channel power monitor on Jetson boards, sampled every millisecond.
//
// Found as a hwmon device (in*_label, in*_input in mV, curr*_input in mA) or as the iio device of
// NVIDIA's older kernels (rail_name_*, in_power*_input in mW, or in_voltage*_input and
// in_current*_input). VDD_IN (POM_5V_IN on the Nano) is the whole module, and the total; the others
// are parts of it or of the carrier board. Without it the total is the sum of all rails, as on AGX
// boards, where they are disjoint. A channel labelled NC is not connected and left out. (Jetson
// Linux Developer Guide, Clock Frequency and Power Management; TX1, TX2, Nano, Xavier, Orin.)
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_ina3221_meter(Sysfs& sysfs, Clock& clock);

}  // namespace wattgrind
