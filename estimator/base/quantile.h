// Order statistics of a few values.
#pragma once

#include <vector>

namespace wattgrind {

// The p-quantile of values, for p from 0 to 1, linear between order statistics: the median for 0.5.
// `values` must not be empty.
double quantile(std::vector<double> values, double p);

}  // namespace wattgrind
