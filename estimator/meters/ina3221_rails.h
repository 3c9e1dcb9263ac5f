// The rails that INA3221 power monitors measure on a board, found, tried, and told apart by what
// feeds what.
//
// A monitor has three channels. It is found as a hwmon device (in*_label, in*_input in mV,
// curr*_input in mA, in*_enable) or as the iio device of NVIDIA's older kernels (rail_name_*,
// in_power*_input in mW, or in_voltage*_input and in_current*_input). A channel labelled NC is not
// connected; one without a label is a rail named after its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/system/sysfs.h"

namespace wattgrind {

// Power is either one file, or the product of two.
struct Ina3221Rail {
  std::string name;          // no two rails have one name
  std::string power_file;    // mW; empty: voltage times current
  std::string voltage_file;  // mV
  std::string current_file;  // mA
  bool in_total = false;     // false: a rail in the total feeds it, or it is the carrier board's
};

struct Ina3221Rails {
  std::vector<Ina3221Rail> rails;  // that can be read, at least one of them in the total
  std::vector<std::string> notes;  // what was left out, and that an unknown board was summed
};

// Reads every file of every rail once. Throws Error(kMissing) with the remedy where there are no
// rails, or a rail of the total may not be read, is disabled, or cannot be read.
Ina3221Rails find_ina3221_rails(const Sysfs& sysfs);

// The power of a rail, or why it is not known ("/sys/...: No data available").
struct RailRead {
  std::optional<double> value;  // in watts
  std::string problem;
  int error = 0;          // errno where a file could not be read
  std::string file = {};  // the one that could not
};

// Tries a few times at once, as a bus that was busy wants it.
RailRead read_rail(const Sysfs& sysfs, const Ina3221Rail& rail);

}  // namespace wattgrind
