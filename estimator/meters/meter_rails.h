// A meter of rails that are sampled at a fixed period.
//
// The total is the sum of those rails that the set has in it; the others are reported and not
// added. A read that fails while a load runs leaves its sample out; the first and last reads of a
// run are tried for a tenth of a second.
#pragma once

#include <memory>
#include <string>

#include "estimator/meters/meter.h"
#include "estimator/meters/rail_set.h"

namespace wattgrind {

struct RailTiming {
  double period_s = 0;  // between two samples
  double update_s =
      0;  // how exactly an interval's ends are known: a few of the sensor's own updates
};

std::unique_ptr<Meter> make_rails_meter(std::string name, std::unique_ptr<RailSet> rails,
                                        const RailTiming& timing, Clock& clock);

}  // namespace wattgrind
