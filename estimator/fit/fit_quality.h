// Measures of how well predictions meet what was measured.
#pragma once

#include <optional>
#include <span>

namespace wattgrind {

struct FitQuality {
  std::optional<double> r;   // Pearson's; absent where either side does not vary
  std::optional<double> r2;  // 1 - squared error / variance of the measured; absent likewise
  double mape_percent = 0;   // mean of |predicted - measured| / measured
  double rmspe_percent = 0;  // root of the mean of its square
};

// Both must have the same length of at least 1, and every measured value must be positive.
FitQuality fit_quality(std::span<const double> measured, std::span<const double> predicted);

}  // namespace wattgrind
