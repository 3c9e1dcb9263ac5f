#include "kernels/parts/value_function.h"

#include <cmath>

#include "estimator/base/error.h"
#include "estimator/network/unary_functions.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

// Writes one function of one vector.
class ActivationEmitter {
 public:
  ActivationEmitter(NestBuilder& nest, Register x) : nest_(nest), x_(x) {}

  Register leaky_relu(double alpha) { return above_zero(x_, mul(x_, value(alpha))); }
  Register elu(double alpha, double scale) {
    const Register factor = value(scale * alpha);
    const Register below = mul(emit_expm1(nest_, smaller(x_, value(0))), factor);
    return above_zero(scale == 1 ? x_ : mul(x_, value(scale)), below);
  }
  Register hard_sigmoid(double alpha, double beta) {
    const Register offset = value(beta);
    const Register line = nest_.apply(Opcode::kMulAdd, x_, value(alpha), offset);
    const Register not_negative = larger(value(0), line);
    return smaller(value(1), not_negative);
  }
  Register gelu() {
    const Register half = mul(x_, value(0.5));
    const Register erf = emit_erf(nest_, mul(x_, value(std::sqrt(0.5))));
    return nest_.apply(Opcode::kMulAdd, half, erf, half);
  }
  Register gelu_tanh() {
    const double scale = std::sqrt(2 / M_PI);
    const Register offset = value(scale);
    const Register slope = value(0.044715 * scale);
    const Register factor = nest_.apply(Opcode::kMulAdd, mul(x_, x_), slope, offset);
    const Register half = mul(x_, value(0.5));
    return nest_.apply(Opcode::kMulAdd, half, emit_tanh(nest_, mul(x_, factor)), half);
  }
  Register softsign() {
    const Register one = value(1);
    return div(x_, nest_.apply(Opcode::kAdd, emit_abs(nest_, x_), one));
  }
  Register negative() { return nest_.apply(Opcode::kSub, value(0), x_); }
  Register reciprocal() { return div(value(1), x_); }

  Register x() const { return x_; }
  Register mul(Register a, Register b) { return nest_.apply(Opcode::kMul, a, b); }

 private:
  Register value(double v) { return nest_.constant(nest_.lanes(x_), static_cast<float>(v)); }
  Register div(Register a, Register b) { return nest_.apply(Opcode::kDiv, a, b); }
  // Of these the second operand is the result where one is no number.
  Register smaller(Register a, Register b) { return nest_.apply(Opcode::kMin, a, b); }
  Register larger(Register a, Register b) { return nest_.apply(Opcode::kMax, a, b); }
  Register above_zero(Register above, Register other) {
    return nest_.apply(Opcode::kSelectGt, x_, value(0), above, other);
  }

  NestBuilder& nest_;
  const Register x_;
};

}  // namespace

Register emit_activation(NestBuilder& nest, const Activation& f, Register x) {
  ActivationEmitter emit(nest, x);
  switch (f.function) {
    case UnaryFunction::kLeakyRelu:
      return emit.leaky_relu(f.alpha);
    case UnaryFunction::kElu:
      return emit.elu(f.alpha, 1);
    case UnaryFunction::kSelu:
      return emit.elu(f.alpha, f.beta);
    case UnaryFunction::kSigmoid:
      return emit_sigmoid(nest, x);
    case UnaryFunction::kHardSigmoid:
      return emit.hard_sigmoid(f.alpha, f.beta);
    case UnaryFunction::kTanh:
      return emit_tanh(nest, x);
    case UnaryFunction::kSwish:
      return emit.mul(x, emit_sigmoid(nest, x));
    case UnaryFunction::kHardSwish:
      return emit.mul(x, emit.hard_sigmoid(1.0 / 6, 0.5));
    case UnaryFunction::kGelu:
      return emit.gelu();
    case UnaryFunction::kGeluTanh:
      return emit.gelu_tanh();
    case UnaryFunction::kSoftplus:
      return emit_softplus(nest, x);
    case UnaryFunction::kSoftsign:
      return emit.softsign();
    case UnaryFunction::kExp:
      return emit_wide_exp(nest, x);
    case UnaryFunction::kLog:
      return emit_wide_log(nest, x);
    case UnaryFunction::kSqrt:
      return nest.apply(Opcode::kSqrt, x);
    case UnaryFunction::kErf:
      return emit_erf(nest, x);
    case UnaryFunction::kPower:
      return emit_power_of_any(nest, x, f.alpha);
    case UnaryFunction::kAbs:
      return emit_abs(nest, x);
    case UnaryFunction::kNegative:
      return emit.negative();
    case UnaryFunction::kReciprocal:
      return emit.reciprocal();
    case UnaryFunction::kSin:
      return emit_sin(nest, x);
    case UnaryFunction::kCos:
      return emit_cos(nest, x);
  }
  CHECK(false, "function {}", static_cast<int>(f.function));
}

Register emit_relu(NestBuilder& nest, Register x) {
  return nest.apply(Opcode::kMax, x, nest.constant(nest.lanes(x), 0));
}

Register emit_clip(NestBuilder& nest, const Clip& clip, Register x) {
  const Register low = nest.constant(nest.lanes(x), static_cast<float>(clip.low));
  const Register high = nest.constant(nest.lanes(x), static_cast<float>(clip.high));
  return nest.apply(Opcode::kMin, nest.apply(Opcode::kMax, x, low), high);
}

bool is_value_function(const Operation& operation) {
  return std::holds_alternative<Relu>(operation) || std::holds_alternative<Clip>(operation) ||
         std::holds_alternative<Activation>(operation);
}

bool keeps_zero(const Operation& function) {
  if (const auto* activation = std::get_if<Activation>(&function)) return keeps_zero(*activation);
  if (const auto* clip = std::get_if<Clip>(&function)) return clip->low <= 0 && clip->high >= 0;
  return true;
}

Register emit_value_function(NestBuilder& nest, const Operation& function, Register x) {
  if (std::holds_alternative<Relu>(function)) return emit_relu(nest, x);
  if (const auto* clip = std::get_if<Clip>(&function)) return emit_clip(nest, *clip, x);
  return emit_activation(nest, std::get<Activation>(function), x);
}

}  // namespace wattgrind
