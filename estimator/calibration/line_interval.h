// A straight line through points with the intervals of its slope and intercept.
#pragma once

#include <optional>
#include <span>

#include "estimator/fit/bootstrap.h"

namespace wattgrind {

struct LineWithIntervals {
  double intercept = 0, slope = 0;
  Interval intercept_95, slope_95;  // by Student's t, errors taken to be normal and alike
  double r2 = 1;
};

// Ordinary least squares. Absent for fewer than 3 points, or where all xs are the same.
std::optional<LineWithIntervals> line_with_intervals(std::span<const double> xs,
                                                     std::span<const double> ys);

}  // namespace wattgrind
