#include "kernels/parts/vector_math.h"

#include <array>
#include <cmath>
#include <span>

namespace wattgrind {
namespace {

// Evaluates a polynomial by Horner's rule. The highest coefficient comes first.
Register polynomial(NestBuilder& nest, Register x, std::span<const float> coefficients) {
  const int lanes = nest.lanes(x);
  Register result = nest.constant(lanes, coefficients[0]);
  for (const float coefficient : coefficients.subspan(1)) {
    result = nest.apply(Opcode::kMulAdd, result, x, nest.constant(lanes, coefficient));
  }
  return result;
}

// This polynomial is (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2 (Cephes Mathematical Library,
// single/expf.c).
constexpr std::array<float, 6> kExpPolynomial = {1.9875691500e-4f, 1.3981999507e-3f,
                                                 8.3334519073e-3f, 4.1665795894e-2f,
                                                 1.6666665459e-1f, 5.0000001201e-1f};
// These two add up to ln 2; the first is exact in few bits (Cephes expf.c, C1 and C2).
constexpr float kLn2High = 0.693359375f;
constexpr float kLn2Low = -2.12194440e-4f;
constexpr float kLog2E = 1.44269504088896341f;
constexpr float kSmallestExponent = -87.0f;  // below it e^x leaves the normal numbers

Register exp_of_reduced(NestBuilder& nest, Register r) {
  const Register p = polynomial(nest, r, kExpPolynomial);
  const Register squared = nest.apply(Opcode::kMul, r, r);
  const Register tail = nest.apply(Opcode::kMulAdd, p, squared, r);
  return nest.apply(Opcode::kAdd, tail, nest.constant(nest.lanes(r), 1.0f));
}

// This polynomial is P in ln(1 + t) = t - t^2 / 2 + t^3 P(t) for sqrt(1/2) <= 1 + t <= sqrt(2)
// (Cephes Mathematical Library, single/logf.c).
constexpr std::array<float, 9> kLogPolynomial = {
    7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
    -1.6668057665e-1f, 2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};

Register log2_of(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  const auto value = [&](float v) { return nest.constant(lanes, v); };
  Register exponent = nest.apply(Opcode::kExponent, x);
  Register mantissa = nest.apply(Opcode::kMantissa, x);
  // A mantissa above sqrt(2) is halved, so that the polynomial's range is symmetric around 1.
  const Register limit = value(std::sqrt(2.0f));
  const Register halved = nest.apply(Opcode::kMul, mantissa, value(0.5f));
  const Register next = nest.apply(Opcode::kAdd, exponent, value(1.0f));
  exponent = nest.apply(Opcode::kSelectGt, mantissa, limit, next, exponent);
  mantissa = nest.apply(Opcode::kSelectGt, mantissa, limit, halved, mantissa);
  const Register t = nest.apply(Opcode::kSub, mantissa, value(1.0f));
  const Register squared = nest.apply(Opcode::kMul, t, t);
  const Register p = polynomial(nest, t, kLogPolynomial);
  const Register cubed = nest.apply(Opcode::kMul, squared, t);
  const Register half = nest.apply(Opcode::kMulAdd, squared, value(-0.5f), t);
  const Register logarithm = nest.apply(Opcode::kMulAdd, cubed, p, half);
  return nest.apply(Opcode::kMulAdd, logarithm, value(kLog2E), exponent);
}

Register exp2_of(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  const Register whole = nest.apply(Opcode::kRound, x);
  const Register part = nest.apply(Opcode::kSub, x, whole);
  const Register r = nest.apply(Opcode::kMul, part, nest.constant(lanes, std::log(2.0f)));
  return nest.apply(Opcode::kMul, exp_of_reduced(nest, r), nest.apply(Opcode::kExp2Int, whole));
}

Register product(NestBuilder& nest, Register a, Register b) {
  return a == kNoRegister ? b : nest.apply(Opcode::kMul, a, b);
}

// x^(quarters / 4) for quarters > 0.
Register quarter_power(NestBuilder& nest, Register x, int quarters) {
  Register result = kNoRegister;
  for (int i = 0; i < quarters / 4; ++i) result = product(nest, result, x);
  if (quarters % 4 == 0) return result;
  const Register root = nest.apply(Opcode::kSqrt, x);
  if (quarters % 4 >= 2) result = product(nest, result, root);
  if (quarters % 2 == 1) result = product(nest, result, nest.apply(Opcode::kSqrt, root));
  return result;
}

}  // namespace

Register emit_exp(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  // With its operands in this order, the maximum is no number if x is none.
  const Register bounded = nest.apply(Opcode::kMax, nest.constant(lanes, kSmallestExponent), x);
  const Register scaled = nest.apply(Opcode::kMul, bounded, nest.constant(lanes, kLog2E));
  const Register n = nest.apply(Opcode::kRound, scaled);
  Register r = nest.apply(Opcode::kMulAdd, n, nest.constant(lanes, -kLn2High), bounded);
  r = nest.apply(Opcode::kMulAdd, n, nest.constant(lanes, -kLn2Low), r);
  return nest.apply(Opcode::kMul, exp_of_reduced(nest, r), nest.apply(Opcode::kExp2Int, n));
}

Register emit_log(NestBuilder& nest, Register x) {
  const Register logarithm =
      nest.apply(Opcode::kMul, log2_of(nest, x), nest.constant(nest.lanes(x), std::log(2.0f)));
  // The logarithm of what is no number came out as a number. x - x is zero for numbers alone, so
  // that adding it mends this.
  return nest.apply(Opcode::kAdd, logarithm, nest.apply(Opcode::kSub, x, x));
}

Register emit_power(NestBuilder& nest, Register x, double exponent) {
  const int lanes = nest.lanes(x);
  constexpr double kMostQuarters = 16;
  const double quarters = std::abs(exponent) * 4;
  if (quarters == std::floor(quarters) && quarters > 0 && quarters <= kMostQuarters) {
    const Register power = quarter_power(nest, x, static_cast<int>(quarters));
    if (exponent > 0) return power;
    return nest.apply(Opcode::kDiv, nest.constant(lanes, 1.0f), power);
  }
  const Register scaled = nest.apply(Opcode::kMul, log2_of(nest, x),
                                     nest.constant(lanes, static_cast<float>(exponent)));
  const Register low = nest.apply(Opcode::kMax, scaled, nest.constant(lanes, -126.0f));
  const Register bounded = nest.apply(Opcode::kMin, low, nest.constant(lanes, 127.0f));
  return exp2_of(nest, bounded);
}

}  // namespace wattgrind
