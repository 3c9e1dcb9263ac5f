// A plug-in meter read by eye: a Kill-A-Watt, whose display counts kilowatt-hours.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

// Asks for the display before and after the interval. An answer that is no number is asked for
// again; one that is below the one before, or has not moved, ends the measurement.
std::unique_ptr<Meter> make_manual_meter(Operator& person, Clock& clock);

}  // namespace wattgrind
