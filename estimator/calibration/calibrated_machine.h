// Calibration's result as a machine profile: estimates with it need the meter no more.
#pragma once

#include <string>

#include "estimator/calibration/calibration.h"
#include "estimator/calibration/energy_features.h"
#include "estimator/calibration/time_calibration.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// The machine under a new name, its prices multiplied by the model's coefficients. A term the model
// does without costs nothing: what it took is in the other prices, since the readings do not tell
// them apart. `readings` is the file they stand in, by its base name. Every price's source names
// the readings, the multiple and its 95 % interval. `time`, where durations were known, makes the
// profile tell time, and with a static power the energy that goes with it.
Machine calibrated_machine(const Machine& machine, const FeatureTable& table,
                           const Calibration& calibration,
                           const std::optional<TimeCalibration>& time, const std::string& name,
                           const std::string& readings);

}  // namespace wattgrind
