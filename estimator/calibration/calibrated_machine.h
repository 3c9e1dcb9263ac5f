// The result of a calibration as a machine profile, with which estimates need no meter.
#pragma once

#include <string>

#include "estimator/calibration/calibration.h"
#include "estimator/calibration/energy_features.h"
#include "estimator/calibration/time_calibration.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// The machine under a new name, with its prices multiplied by the model's coefficients. A term that
// the model does without costs nothing: the other prices contain what it took, since the readings
// do not tell them apart. `features` is what `calibration` was fitted to. `readings` is the base
// name of the file that they stand in. Every price's source names the readings, the multiple and
// its 95 % interval. `time`, which is there where durations were known, makes the profile tell time
// and, with a static power, the energy that goes with it.
Machine calibrated_machine(const Machine& machine, const EnergyFeatures& features,
                           const Calibration& calibration,
                           const std::optional<TimeCalibration>& time, const std::string& name,
                           const std::string& readings);

}  // namespace wattgrind
