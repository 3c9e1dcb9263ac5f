// Adding up errors that are independent of each other, the same to the last digit on every
// processor.
#pragma once

#include <cmath>

namespace wattgrind {

// The root of a^2 + b^2, rounded after each step; neither square may overflow. The C library's
// hypot fuses multiplications with additions on processors that can, which changes its last digit.
inline double root_of_squares(double a, double b) { return std::sqrt(a * a + b * b); }

}  // namespace wattgrind
