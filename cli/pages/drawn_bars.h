// Charts of many bars.
#pragma once

#include <string>

#include "estimator/charts/bar_chart.h"

namespace wattgrind {

// Of more than 48 bars, leaves the 40 largest in their order, and returns what readers are to be
// told of the others: " 17 others come to 210 mJ together." Empty: all are there.
std::string keep_largest_bars(BarChart& chart);

}  // namespace wattgrind
