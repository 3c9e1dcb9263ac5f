// TI INA3221: the three-channel power monitors on Jetson boards, sampled every millisecond.
//
// The total is the board's supply or the supplies that add up to it (ina3221_rails.h); rails that
// are parts of it, or the carrier board's, are reported and not added. On a board that is not known
// the total is the sum of all rails, with a word. How they are sampled: meter_rails.h.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_ina3221_meter(Sysfs& sysfs, Clock& clock);

}  // namespace wattgrind
