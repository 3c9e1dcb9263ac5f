#include "kernels/parts/vector_math.h"

#include <array>
#include <cmath>
#include <limits>
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

// e^r - 1.
Register expm1_of_reduced(NestBuilder& nest, Register r) {
  const Register p = polynomial(nest, r, kExpPolynomial);
  const Register squared = nest.apply(Opcode::kMul, r, r);
  return nest.apply(Opcode::kMulAdd, p, squared, r);
}

Register exp_of_reduced(NestBuilder& nest, Register r) {
  const Register tail = expm1_of_reduced(nest, r);
  return nest.apply(Opcode::kAdd, tail, nest.constant(nest.lanes(r), 1.0f));
}

// x - n ln 2.
Register reduced(NestBuilder& nest, Register x, Register n) {
  const int lanes = nest.lanes(x);
  const Register r = nest.apply(Opcode::kMulAdd, n, nest.constant(lanes, -kLn2High), x);
  return nest.apply(Opcode::kMulAdd, n, nest.constant(lanes, -kLn2Low), r);
}

// The larger of a constant and x. With the constant first it is no number if x is none.
Register at_least(NestBuilder& nest, float least, Register x) {
  return nest.apply(Opcode::kMax, nest.constant(nest.lanes(x), least), x);
}
Register at_most(NestBuilder& nest, float most, Register x) {
  return nest.apply(Opcode::kMin, nest.constant(nest.lanes(x), most), x);
}

// This polynomial is P in ln(1 + t) = t - t^2 / 2 + t^3 P(t) for sqrt(1/2) <= 1 + t <= sqrt(2)
// (Cephes Mathematical Library, single/logf.c).
constexpr std::array<float, 9> kLogPolynomial = {
    7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
    -1.6668057665e-1f, 2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};

// The whole number of powers of two nearest to e^x.
Register powers_of_two(NestBuilder& nest, Register x) {
  const Register scaled = nest.apply(Opcode::kMul, x, nest.constant(nest.lanes(x), kLog2E));
  return nest.apply(Opcode::kRound, scaled);
}

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
  const Register power = nest.apply(Opcode::kExp2Int, whole);
  return nest.apply(Opcode::kMul, exp_of_reduced(nest, r), power);
}

Register product(NestBuilder& nest, Register a, Register b) {
  return a == kNoRegister ? b : nest.apply(Opcode::kMul, a, b);
}

// x^exponent by repeated squaring.
Register whole_power(NestBuilder& nest, Register x, int exponent) {
  Register result = kNoRegister;
  for (Register square = x; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = product(nest, result, square);
    if (exponent > 1) square = nest.apply(Opcode::kMul, square, square);
  }
  return result == kNoRegister ? nest.constant(nest.lanes(x), 1.0f) : result;
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

// tanh x = x P(x^2) / Q(x^2) up to kTanhOne, where it is 1 within the error.
constexpr float kTanhOne = 7.90531110763549805f;
constexpr std::array<float, 7> kTanhP = {
    -2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f, 5.12229709037114e-08f,
    1.48572235717979e-05f,  6.37261928875436e-04f, 4.89352455891786e-03f};
constexpr std::array<float, 4> kTanhQ = {1.19825839466702e-06f, 1.18534705686654e-04f,
                                         2.26843463243900e-03f, 4.89352518554385e-03f};
// erf x likewise up to kErfOne.
constexpr float kErfOne = 4.0f;
constexpr std::array<float, 7> kErfP = {
    -2.72614225801306e-10f, 2.77068142495902e-08f,  -2.10102402082508e-06f, -5.69250639462346e-05f,
    -7.34990630326855e-04f, -2.95459980854025e-03f, -1.60960333262415e-02f};
constexpr std::array<float, 5> kErfQ = {-1.45660718464996e-05f, -2.13374055278905e-04f,
                                        -1.68282697438203e-03f, -7.37332916720468e-03f,
                                        -1.42647390514189e-02f};

Register odd_rational(NestBuilder& nest, Register x, float limit, std::span<const float> p,
                      std::span<const float> q) {
  const Register bounded = at_least(nest, -limit, at_most(nest, limit, x));
  const Register squared = nest.apply(Opcode::kMul, bounded, bounded);
  const Register above = nest.apply(Opcode::kMul, polynomial(nest, squared, p), bounded);
  return nest.apply(Opcode::kDiv, above, polynomial(nest, squared, q));
}

// These three add up to pi / 2; the first two are exact in few bits (Cephes sinf.c, DP1 to DP3,
// doubled).
constexpr std::array<float, 3> kHalfPi = {1.5703125f, 4.837512969970703125e-4f,
                                          7.549789948768648e-8f};
// sin r = r + r^3 P(r^2), cos r = 1 - r^2 / 2 + r^4 Q(r^2) for |r| <= pi / 4 (Cephes sinf.c).
constexpr std::array<float, 3> kSinPolynomial = {-1.9515295891e-4f, 8.3321608736e-3f,
                                                 -1.6666654611e-1f};
constexpr std::array<float, 3> kCosPolynomial = {2.443315711809948e-5f, -1.388731625493765e-3f,
                                                 4.166664568298827e-2f};

// x = r + q pi / 2 with |r| <= pi / 4; quarter is q modulo 4, between -2 and 2.
struct QuarterTurns {
  Register r = kNoRegister, quarter = kNoRegister;
};

QuarterTurns quarter_turns(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  const auto value = [&](float v) { return nest.constant(lanes, v); };
  const Register turns = nest.apply(Opcode::kMul, x, value(static_cast<float>(2 / M_PI)));
  const Register q = nest.apply(Opcode::kRound, turns);
  Register r = x;
  for (const float part : kHalfPi) r = nest.apply(Opcode::kMulAdd, q, value(-part), r);
  const Register whole = nest.apply(Opcode::kRound, nest.apply(Opcode::kMul, q, value(0.25f)));
  return {r, nest.apply(Opcode::kMulAdd, whole, value(-4.0f), q)};
}

// The sine of quarter * pi / 2 + r is that of r, its cosine, or one of these negated. With `shift`
// -0.5 this is the sine, with 0.5 the cosine: its quarters are one further.
Register sine_of(NestBuilder& nest, Register x, float shift) {
  const int lanes = nest.lanes(x);
  const auto value = [&](float v) { return nest.constant(lanes, v); };
  const auto [r, quarter] = quarter_turns(nest, x);
  const Register squared = nest.apply(Opcode::kMul, r, r);
  const Register cubed = nest.apply(Opcode::kMul, squared, r);
  const Register sine =
      nest.apply(Opcode::kMulAdd, cubed, polynomial(nest, squared, kSinPolynomial), r);
  const Register fourth = nest.apply(Opcode::kMul, squared, squared);
  const Register one = value(1.0f);
  const Register first = nest.apply(Opcode::kMulAdd, squared, value(-0.5f), one);
  const Register cosine =
      nest.apply(Opcode::kMulAdd, fourth, polynomial(nest, squared, kCosPolynomial), first);
  const Register odd = nest.apply(Opcode::kMul, quarter, quarter);
  const Register chosen = nest.apply(Opcode::kSelectEq, odd, value(1.0f), shift < 0 ? cosine : sine,
                                     shift < 0 ? sine : cosine);
  const Register shifted = nest.apply(Opcode::kAdd, quarter, value(shift));
  const Register distance = nest.apply(Opcode::kMul, shifted, shifted);
  const Register negated = nest.apply(Opcode::kSub, value(0), chosen);
  return nest.apply(Opcode::kSelectGt, distance, value(1.0f), negated, chosen);
}

}  // namespace

Register emit_exp(NestBuilder& nest, Register x) {
  const Register bounded = at_least(nest, kSmallestExponent, x);
  const Register n = powers_of_two(nest, bounded);
  const Register r = reduced(nest, bounded, n);
  const Register power = nest.apply(Opcode::kExp2Int, n);
  return nest.apply(Opcode::kMul, exp_of_reduced(nest, r), power);
}

Register emit_log(NestBuilder& nest, Register x) {
  const Register log_of_2 = nest.constant(nest.lanes(x), std::log(2.0f));
  const Register logarithm = nest.apply(Opcode::kMul, log2_of(nest, x), log_of_2);
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
  const Register factor = nest.constant(lanes, static_cast<float>(exponent));
  const Register scaled = nest.apply(Opcode::kMul, log2_of(nest, x), factor);
  const Register low = nest.apply(Opcode::kMax, scaled, nest.constant(lanes, -126.0f));
  const Register bounded = nest.apply(Opcode::kMin, low, nest.constant(lanes, 127.0f));
  return exp2_of(nest, bounded);
}

Register emit_wide_exp(NestBuilder& nest, Register x) {
  // 2^127 is the largest power of two: what remains above it is up to e^r for an r of 0.97.
  constexpr float kInfinite = 89.0f, kMostPowers = 127.0f;
  const Register bounded = at_least(nest, kSmallestExponent, at_most(nest, kInfinite, x));
  const Register n = at_most(nest, kMostPowers, powers_of_two(nest, bounded));
  const Register r = reduced(nest, bounded, n);
  const Register power = nest.apply(Opcode::kExp2Int, n);
  return nest.apply(Opcode::kMul, exp_of_reduced(nest, r), power);
}

Register emit_expm1(NestBuilder& nest, Register x) {
  const Register bounded = at_least(nest, kSmallestExponent, x);
  const Register n = powers_of_two(nest, bounded);
  const Register tail = expm1_of_reduced(nest, reduced(nest, bounded, n));
  // 2^n (tail + 1) - 1, where nothing cancels for n = 0.
  const Register scale = nest.apply(Opcode::kExp2Int, n);
  const Register whole = nest.apply(Opcode::kSub, scale, nest.constant(nest.lanes(x), 1.0f));
  return nest.apply(Opcode::kMulAdd, tail, scale, whole);
}

Register emit_wide_log(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  const Register zero = nest.constant(lanes, 0);
  const Register logarithm = emit_log(nest, x);
  const Register infinite = nest.constant(lanes, -std::numeric_limits<float>::infinity());
  const Register none = nest.constant(lanes, std::numeric_limits<float>::quiet_NaN());
  const Register at_zero = nest.apply(Opcode::kSelectEq, x, zero, infinite, none);
  return nest.apply(Opcode::kSelectGt, x, zero, logarithm, at_zero);
}

Register emit_sigmoid(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  const Register one = nest.constant(lanes, 1.0f);
  const Register negated = nest.apply(Opcode::kSub, nest.constant(lanes, 0), x);
  const Register power = emit_exp(nest, at_most(nest, 88.0f, negated));
  return nest.apply(Opcode::kDiv, one, nest.apply(Opcode::kAdd, power, one));
}

Register emit_tanh(NestBuilder& nest, Register x) {
  return odd_rational(nest, x, kTanhOne, kTanhP, kTanhQ);
}

Register emit_erf(NestBuilder& nest, Register x) {
  const Register ratio = odd_rational(nest, x, kErfOne, kErfP, kErfQ);
  return at_least(nest, -1.0f, at_most(nest, 1.0f, ratio));
}

Register emit_softplus(NestBuilder& nest, Register x) {
  const int lanes = nest.lanes(x);
  const Register zero = nest.constant(lanes, 0);
  const Register fall = nest.apply(Opcode::kSub, zero, emit_abs(nest, x));
  const Register power = emit_exp(nest, fall);
  const Register logarithm =
      emit_log(nest, nest.apply(Opcode::kAdd, power, nest.constant(lanes, 1.0f)));
  return nest.apply(Opcode::kAdd, nest.apply(Opcode::kMax, x, zero), logarithm);
}

Register emit_sin(NestBuilder& nest, Register x) { return sine_of(nest, x, -0.5f); }
Register emit_cos(NestBuilder& nest, Register x) { return sine_of(nest, x, 0.5f); }

Register emit_general_power(NestBuilder& nest, Register x, Register y) {
  const int lanes = nest.lanes(x);
  const auto value = [&](float v) { return nest.constant(lanes, v); };
  const Register zero = value(0), one = value(1.0f);
  const Register scaled = nest.apply(Opcode::kMul, log2_of(nest, emit_abs(nest, x)), y);
  const Register size = exp2_of(nest, at_least(nest, -126.0f, at_most(nest, 127.0f, scaled)));
  // Below zero the power has a sign for odd y and is no number for y between whole numbers.
  const Register half = nest.apply(Opcode::kMul, y, value(0.5f));
  const Register negated = nest.apply(Opcode::kSub, zero, size);
  const Register even = nest.apply(Opcode::kRound, half);
  const Register whole = nest.apply(Opcode::kRound, y);
  const Register signed_size = nest.apply(Opcode::kSelectEq, half, even, size, negated);
  const Register below = nest.apply(Opcode::kSelectEq, y, whole, signed_size,
                                    value(std::numeric_limits<float>::quiet_NaN()));
  const Register infinite = value(std::numeric_limits<float>::infinity());
  const Register at_zero = nest.apply(Opcode::kSelectGt, y, zero, zero, infinite);
  const Register not_above = nest.apply(Opcode::kSelectEq, x, zero, at_zero, below);
  const Register power = nest.apply(Opcode::kSelectGt, x, zero, size, not_above);
  return nest.apply(Opcode::kSelectEq, y, zero, one, power);
}

Register emit_power_of_any(NestBuilder& nest, Register x, double exponent) {
  const int lanes = nest.lanes(x);
  constexpr double kMostFactors = 16, kMostQuarters = 16;
  const double size = std::abs(exponent);
  Register power = kNoRegister;
  if (size == std::floor(size) && size <= kMostFactors) {
    power = whole_power(nest, x, static_cast<int>(size));
  } else if (size * 4 == std::floor(size * 4) && size * 4 <= kMostQuarters) {
    power = quarter_power(nest, x, static_cast<int>(size * 4));
  } else {
    return emit_general_power(nest, x, nest.constant(lanes, static_cast<float>(exponent)));
  }
  if (exponent >= 0) return power;
  return nest.apply(Opcode::kDiv, nest.constant(lanes, 1.0f), power);
}

Register emit_abs(NestBuilder& nest, Register x) {
  const Register negated = nest.apply(Opcode::kSub, nest.constant(nest.lanes(x), 0), x);
  return nest.apply(Opcode::kMax, x, negated);
}

}  // namespace wattgrind
