// No meter: time alone.
#pragma once

#include <memory>

#include "estimator/meters/meter.h"

namespace wattgrind {

std::unique_ptr<Meter> make_time_meter(Clock& clock);

}  // namespace wattgrind
