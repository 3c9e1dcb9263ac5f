#include "tests/kernels/reference_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace wattgrind {
namespace {

constexpr double kStep = 1e-5;

}  // namespace

double reference_unary(const Activation& f, double x) {
  switch (f.function) {
    case UnaryFunction::kLeakyRelu:
      return x > 0 ? x : f.alpha * x;
    case UnaryFunction::kElu:
      return x > 0 ? x : f.alpha * std::expm1(x);
    case UnaryFunction::kSelu:
      return f.beta * (x > 0 ? x : f.alpha * std::expm1(x));
    case UnaryFunction::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case UnaryFunction::kHardSigmoid:
      return std::clamp(f.alpha * x + f.beta, 0.0, 1.0);
    case UnaryFunction::kTanh:
      return std::tanh(x);
    case UnaryFunction::kSwish:
      return x / (1 + std::exp(-x));
    case UnaryFunction::kHardSwish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case UnaryFunction::kGelu:
      return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
    case UnaryFunction::kGeluTanh:
      return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case UnaryFunction::kSoftplus:
      return std::log1p(std::exp(x));
    case UnaryFunction::kSoftsign:
      return x / (1 + std::abs(x));
    case UnaryFunction::kExp:
      return std::exp(x);
    case UnaryFunction::kLog:
      return std::log(x);
    case UnaryFunction::kSqrt:
      return std::sqrt(x);
    case UnaryFunction::kErf:
      return std::erf(x);
    case UnaryFunction::kPower:
      return std::pow(x, f.alpha);
    case UnaryFunction::kAbs:
      return std::abs(x);
    case UnaryFunction::kNegative:
      return -x;
    case UnaryFunction::kReciprocal:
      return 1 / x;
    case UnaryFunction::kSin:
      return std::sin(x);
    case UnaryFunction::kCos:
      return std::cos(x);
  }
  std::abort();
}

double reference_binary(BinaryFunction function, double a, double b) {
  switch (function) {
    case BinaryFunction::kAdd:
      return a + b;
    case BinaryFunction::kSubtract:
      return a - b;
    case BinaryFunction::kMultiply:
      return a * b;
    case BinaryFunction::kDivide:
      return a / b;
    case BinaryFunction::kMinimum:
      return std::min(a, b);
    case BinaryFunction::kMaximum:
      return std::max(a, b);
    case BinaryFunction::kPower:
      return std::pow(a, b);
    case BinaryFunction::kPrelu:
      return a > 0 ? a : b * a;
  }
  std::abort();
}

double reference_unary_slope(const Activation& activation, double x) {
  return (reference_unary(activation, x + kStep) - reference_unary(activation, x - kStep)) /
         (2 * kStep);
}

}  // namespace wattgrind
