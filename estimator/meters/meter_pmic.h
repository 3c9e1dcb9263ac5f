// The power management chip of a Raspberry Pi 5 (pmic_adc.h), asked ten times a second through
// `vcgencmd`.
//
// The total is the sum of the chip's rails, which stand beside each other: none of those that have
// a current feeds another. It is less than what the board draws: what its 5 V input feeds past the
// chip (USB, HDMI's 5 V, hats, fans) is not measured, and neither is what the regulators lose. A
// warning says so.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"
#include "estimator/system/process.h"

namespace wattgrind {

std::unique_ptr<Meter> make_pmic_meter(ProcessRunner& processes, Clock& clock);

}  // namespace wattgrind
