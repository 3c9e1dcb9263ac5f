// Arithmetic on single values in double precision, as the oracle's layers use it.
#pragma once

#include "estimator/network/network.h"

namespace wattgrind {

double reference_unary(const Activation& activation, double x);
// Its derivative by central differences.
double reference_unary_slope(const Activation& activation, double x);

// Of the operands in the order in which they stand.
double reference_binary(BinaryFunction function, double a, double b);

}  // namespace wattgrind
