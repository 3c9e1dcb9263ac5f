// How far a prediction is to be trusted, from how each of its figures was come by.
//
// A factor f says that the truth is expected between value / f and value * f. The parts of a sum
// are taken to be independent of each other, and all rows of an estimate to share their figures.
#pragma once

#include <optional>

#include "estimator/pricing/priced_estimate.h"

namespace wattgrind {

// The factor of a figure of this basis. The steps are a convention; that they fit is what
// experiments/meter_free tests: it counts how many published readings lie within the intervals.
double factor_of(std::optional<Basis> basis);

// The factor of the row's predicted time; absent where it has none.
std::optional<double> time_factor(const Estimate& estimate, const PricedRow& row);

// The factor of the row's energy of the estimate's scope. Absent where prices are calibrated, which
// have an interval of their own (energy_interval()), and where only events are priced.
std::optional<double> energy_factor(const Estimate& estimate, const PricedRow& row);

}  // namespace wattgrind
