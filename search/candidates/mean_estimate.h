// What a few values tell of the mean that they are drawn about.
#pragma once

#include <optional>
#include <span>

namespace wattgrind {

struct MeanEstimate {
  double mean = 0;
  std::optional<double> variance;    // of the mean; absent for one value
  std::optional<double> half_width;  // of the mean's 95 % interval, by Student's t; likewise
};

// At least one value.
MeanEstimate estimate_mean(std::span<const double> values);

}  // namespace wattgrind
