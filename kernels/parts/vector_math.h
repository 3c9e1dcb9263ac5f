// Elementary functions as short sequences of nest instructions: no library is called.
#pragma once

#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// e^x for x in [-87, 88]; smaller x are taken as -87. Relative error below 2e-7 (Cephes expf).
Register emit_exp(NestBuilder& nest, Register x);

// ln x for normal x > 0, with an error below 2e-7 * (1 + |ln x|) (Cephes logf). If x is no number,
// neither is the result.
Register emit_log(NestBuilder& nest, Register x);

// x^exponent for normal x > 0. Multiples of a quarter are square roots and products; others go
// through 2^(exponent * log2 x) with a relative error below 1e-6 * (1 + |exponent * log2 x|).
Register emit_power(NestBuilder& nest, Register x, double exponent);

}  // namespace wattgrind
