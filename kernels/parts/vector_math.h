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

// e^x for any x: infinite above 88.73, e^-87 below -87. Relative error below 4e-7.
Register emit_wide_exp(NestBuilder& nest, Register x);

// e^x - 1 for x up to 88; smaller x than -87 are taken as -87. Relative error below 4e-7.
Register emit_expm1(NestBuilder& nest, Register x);

// ln x as emit_log, and minus infinity at zero; no number below zero.
Register emit_wide_log(NestBuilder& nest, Register x);

// 1 / (1 + e^-x), with a relative error below 4e-7 for x above -87 and at most 2e-38 below.
Register emit_sigmoid(NestBuilder& nest, Register x);

// Relative error below 5e-7 (Eigen's rational function, Core/MathFunctionsImpl.h). tanh 0 is 0.
Register emit_tanh(NestBuilder& nest, Register x);

// Relative error below 6e-7 (the rational function of Eigen's SpecialFunctions); it is 1 and -1
// exactly from 4 and -4 on. erf 0 is 0.
Register emit_erf(NestBuilder& nest, Register x);

// ln(1 + e^x), with an error below 3e-7 * (1 + |x|).
Register emit_softplus(NestBuilder& nest, Register x);

// For |x| up to 8192, with an error below 2e-7 (Cephes sinf, cosf). sin 0 is 0.
Register emit_sin(NestBuilder& nest, Register x);
Register emit_cos(NestBuilder& nest, Register x);

// x^y, also of x at and below zero as IEEE 754 has it, but for infinite x or y. Relative error
// below 1e-6 * (1 + |y log2 |x||).
Register emit_general_power(NestBuilder& nest, Register x, Register y);

// x^exponent of any x: whole exponents up to 16 are products, exact to a rounding each; halves and
// quarters up to 4 go through square roots; others are as above.
Register emit_power_of_any(NestBuilder& nest, Register x, double exponent);

// |x|; no number if x is none.
Register emit_abs(NestBuilder& nest, Register x);

}  // namespace wattgrind
