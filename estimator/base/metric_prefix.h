// Metric prefixes make an amount of any size readable.
#pragma once

#include <string_view>

namespace wattgrind {

struct MetricPrefix {
  std::string_view symbol;  // "n", "", "k"
  double factor = 1;        // amount * factor is in prefixed units
};

// The prefix, from pico to tera, that puts a positive amount between 1 and 1000.
MetricPrefix metric_prefix(double amount);

}  // namespace wattgrind
