// Arithmetic on single values in double precision, as the oracle's layers use it.
#pragma once

#include "estimator/network/network.h"

namespace wattgrind {

double reference_unary(const Activation& activation, double x);
// Its derivative by central differences.
double reference_unary_slope(const Activation& activation, double x);

}  // namespace wattgrind
