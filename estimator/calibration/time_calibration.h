// A time calibration finds prices of time, from the durations of energy readings. Static energy
// needs a time, which counts have to tell once there is no meter.
#pragma once

#include <optional>
#include <vector>

#include "estimator/calibration/calibration.h"
#include "estimator/calibration/energy_features.h"
#include "estimator/calibration/term.h"

namespace wattgrind {

// The model is seconds = price * multiply-accumulates + price * cycles of latency cost, with either
// term or both: leave-one-out error decides, as it does on terms of energy. Readings are few, so
// the model is coarser than a TimeModel, which knows the loop nest.
struct TimeCalibration {
  std::vector<Term> terms;  // by feature of the table
  FeatureTable table;       // its target is time in seconds
  Calibration calibration;
};

// Errors count in percent, since readings range from a layer's microseconds to a network's seconds.
// The result is absent where the duration of a reading is not known. It takes 3 workloads, as
// calibrate() does.
std::optional<TimeCalibration> calibrate_time(const std::vector<CountedReading>& readings,
                                              const Machine& machine,
                                              const BootstrapOptions& bootstrap);

}  // namespace wattgrind
