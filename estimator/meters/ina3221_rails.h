// The rails that INA3221 power monitors measure on a board, found, tried, and told apart by what
// feeds what.
//
// A monitor has three channels. It is found as a hwmon device (in*_label, in*_input in mV,
// curr*_input in mA, in*_enable) or as the iio device of NVIDIA's older kernels (rail_name_*,
// in_power*_input in mW, or in_voltage*_input and in_current*_input). A channel labelled NC is not
// connected; one without a label is a rail named after its place.
#pragma once

#include <string>
#include <vector>

#include "estimator/meters/sysfs_rail.h"
#include "estimator/system/sysfs.h"

namespace wattgrind {

struct Ina3221Rails {
  std::vector<SysfsRail> rails;    // that can be read, at least one of them in the total
  std::vector<std::string> notes;  // what was left out, and that an unknown board was summed
};

// Reads every file of every rail once. Throws Error(kMissing) with the remedy where there are no
// rails, or a rail of the total may not be read, is disabled, or cannot be read.
Ina3221Rails find_ina3221_rails(const Sysfs& sysfs);

}  // namespace wattgrind
