// Charts of many bars.
#pragma once

#include "estimator/charts/bar_chart.h"

namespace wattgrind {

// The chart as it is, or, of more than 48 bars, the 40 largest in their order and one of all others
// together.
BarChart largest_bars(BarChart chart);

}  // namespace wattgrind
