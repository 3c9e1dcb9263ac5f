// A plug-in meter read by eye, whose display counts kilowatt-hours.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

// Asks for the display before and after the interval. As many decimals as are typed, the display is
// taken to have. A comma is taken for a decimal point, with a word. An answer that is no number is
// asked for again; one that is below the one before, or has not moved, or would be more power than
// such a meter stands, ends the measurement.
std::unique_ptr<Meter> make_manual_meter(Operator& person, Clock& clock);

}  // namespace wattgrind
