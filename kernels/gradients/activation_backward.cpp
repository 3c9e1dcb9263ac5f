#include <cmath>
#include <string>

#include "estimator/base/error.h"
#include "estimator/network/unary_functions.h"
#include "kernels/gradients/backward.h"
#include "kernels/parts/elementwise.h"
#include "kernels/parts/vector_math.h"

namespace wattgrind {
namespace {

// Writes the gradient by one function's input. v is the layer's output or its input, as
// gradient_reads() says, and dy the gradient by its output.
class ActivationGradient {
 public:
  ActivationGradient(NestBuilder& nest, Register v, Register dy) : nest_(nest), v_(v), dy_(dy) {}

  // dy, or dy times a factor where v is not above zero.
  Register sided(Register above, Register other) {
    return apply(Opcode::kSelectGt, v_, value(0), above, other);
  }
  Register leaky_relu(double alpha) { return sided(dy_, mul(dy_, value(alpha))); }
  // Below zero y = s a (e^x - 1), whose derivative is y + s a.
  Register elu_of_output(double alpha, double scale) {
    const Register slope = add(v_, value(scale * alpha));
    const Register below = mul(dy_, slope);
    return sided(scale == 1 ? dy_ : mul(dy_, value(scale)), below);
  }
  Register elu_of_input(double alpha, double scale) {
    const Register bounded = apply(Opcode::kMin, v_, value(0));
    const Register factor = value(scale * alpha);
    const Register slope = mul(emit_exp(nest_, bounded), factor);
    const Register below = mul(dy_, slope);
    return sided(mul(dy_, value(scale)), below);
  }
  // y (1 - y).
  Register sigmoid() { return mul(dy_, apply(Opcode::kMulAdd, v_, sub(value(0), v_), v_)); }
  Register hard_sigmoid(double alpha) {
    const Register none = value(0);
    const Register inside = mul(dy_, value(alpha));
    const Register sloped = apply(Opcode::kSelectGt, value(1), v_, inside, none);
    return sided(sloped, value(0));
  }
  Register tanh() {
    const Register one = value(1);
    return mul(dy_, apply(Opcode::kMulAdd, v_, sub(value(0), v_), one));
  }
  // s + x s (1 - s), with s the sigmoid.
  Register swish() {
    const Register s = emit_sigmoid(nest_, v_);
    const Register rest = sub(value(1), s);
    const Register factor = apply(Opcode::kMulAdd, v_, rest, value(1));
    return mul(dy_, mul(s, factor));
  }
  // x / 3 + 1 / 2 between -3 and 3, 1 above.
  Register hard_swish() {
    const Register half = value(0.5);
    const Register line = apply(Opcode::kMulAdd, v_, value(1.0 / 3), half);
    const Register one = value(1);
    const Register below = apply(Opcode::kSelectGt, value(3), v_, line, one);
    const Register none = value(0);
    return mul(dy_, apply(Opcode::kSelectGt, v_, value(-3), below, none));
  }
  // (1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) / sqrt(2 pi).
  Register gelu() {
    const Register erf = emit_erf(nest_, mul(v_, value(std::sqrt(0.5))));
    const Register offset = value(0.5);
    const Register part = apply(Opcode::kMulAdd, erf, value(0.5), offset);
    const Register density = emit_exp(nest_, mul(mul(v_, v_), value(-0.5)));
    const Register scaled = mul(v_, value(1 / std::sqrt(2 * M_PI)));
    return mul(dy_, apply(Opcode::kMulAdd, density, scaled, part));
  }
  // With t = tanh(s x + s a x^3): (1 + t) / 2 + x (1 - t^2) (s + 3 s a x^2) / 2.
  Register gelu_tanh() {
    const double s = std::sqrt(2 / M_PI), a = 0.044715;
    const Register square = mul(v_, v_);
    const Register inner_offset = value(s);
    const Register inner = apply(Opcode::kMulAdd, square, value(s * a), inner_offset);
    const Register t = emit_tanh(nest_, mul(v_, inner));
    const Register offset = value(0.5 * s);
    const Register slope = apply(Opcode::kMulAdd, square, value(1.5 * s * a), offset);
    const Register one = value(1);
    const Register rest = apply(Opcode::kMulAdd, t, sub(value(0), t), one);
    const Register half = value(0.5);
    const Register part = apply(Opcode::kMulAdd, t, value(0.5), half);
    return mul(dy_, apply(Opcode::kMulAdd, mul(v_, slope), rest, part));
  }
  // y = ln(1 + e^x), whose derivative is 1 - e^-y.
  Register softplus() {
    const Register slope = mul(dy_, emit_expm1(nest_, sub(value(0), v_)));
    return sub(value(0), slope);
  }
  // 1 - |y| is 1 / (1 + |x|).
  Register softsign() {
    const Register size = emit_abs(nest_, v_);
    const Register rest = sub(value(1), size);
    return mul(dy_, mul(rest, rest));
  }
  Register erf() {
    const Register square = mul(v_, v_);
    const Register density = emit_exp(nest_, sub(value(0), square));
    return mul(dy_, mul(density, value(2 / std::sqrt(M_PI))));
  }
  Register power(double alpha) {
    const Register factor = value(alpha);
    return mul(dy_, mul(emit_power_of_any(nest_, v_, alpha - 1), factor));
  }
  Register abs() {
    const Register none = value(0);
    const Register negated = sub(value(0), dy_);
    const Register below = apply(Opcode::kSelectGt, value(0), v_, negated, none);
    return sided(dy_, below);
  }
  Register reciprocal() {
    const Register slope = mul(dy_, mul(v_, v_));
    return sub(value(0), slope);
  }

  Register value(double v) { return nest_.constant(nest_.lanes(dy_), static_cast<float>(v)); }
  Register mul(Register a, Register b) { return apply(Opcode::kMul, a, b); }
  Register div(Register a, Register b) { return apply(Opcode::kDiv, a, b); }
  Register add(Register a, Register b) { return apply(Opcode::kAdd, a, b); }
  Register sub(Register a, Register b) { return apply(Opcode::kSub, a, b); }
  Register negated(Register a) { return sub(value(0), a); }
  Register apply(Opcode opcode, Register a, Register b, Register c = kNoRegister,
                 Register d = kNoRegister) {
    return nest_.apply(opcode, a, b, c, d);
  }

 private:
  NestBuilder& nest_;
  const Register v_, dy_;
};

Register emit_gradient(NestBuilder& nest, const Activation& f, Register v, Register dy) {
  ActivationGradient emit(nest, v, dy);
  const bool of_input = gradient_reads(f).input;
  switch (f.function) {
    case UnaryFunction::kLeakyRelu:
      return emit.leaky_relu(f.alpha);
    case UnaryFunction::kElu:
      return of_input ? emit.elu_of_input(f.alpha, 1) : emit.elu_of_output(f.alpha, 1);
    case UnaryFunction::kSelu:
      return of_input ? emit.elu_of_input(f.alpha, f.beta) : emit.elu_of_output(f.alpha, f.beta);
    case UnaryFunction::kSigmoid:
      return emit.sigmoid();
    case UnaryFunction::kHardSigmoid:
      return emit.hard_sigmoid(f.alpha);
    case UnaryFunction::kTanh:
      return emit.tanh();
    case UnaryFunction::kSwish:
      return emit.swish();
    case UnaryFunction::kHardSwish:
      return emit.hard_swish();
    case UnaryFunction::kGelu:
      return emit.gelu();
    case UnaryFunction::kGeluTanh:
      return emit.gelu_tanh();
    case UnaryFunction::kSoftplus:
      return emit.softplus();
    case UnaryFunction::kSoftsign:
      return emit.softsign();
    case UnaryFunction::kExp:
      return emit.mul(dy, v);
    case UnaryFunction::kLog:
      return emit.div(dy, v);
    case UnaryFunction::kSqrt:
      return emit.div(dy, emit.add(v, v));
    case UnaryFunction::kErf:
      return emit.erf();
    case UnaryFunction::kPower:
      return emit.power(f.alpha);
    case UnaryFunction::kAbs:
      return emit.abs();
    case UnaryFunction::kNegative:
      return emit.negated(dy);
    case UnaryFunction::kReciprocal:
      return emit.reciprocal();
    case UnaryFunction::kSin:
      return emit.mul(dy, emit_cos(nest, v));
    case UnaryFunction::kCos:
      return emit.negated(emit.mul(dy, emit_sin(nest, v)));
  }
  CHECK(false, "function {}", static_cast<int>(f.function));
}

// Whether a gradient of zero stays zero where what is read is zero, as in padding channels.
bool gradient_keeps_zero(const Activation& f) {
  switch (f.function) {
    case UnaryFunction::kLog:
    case UnaryFunction::kSqrt:
      return false;
    case UnaryFunction::kPower:
      return f.alpha >= 1;
    default:
      return true;
  }
}

}  // namespace

LoopNest lower_data_gradient(const Activation& activation, const BackwardContext& context) {
  const ElementwiseGradient gradient{
      gradient_reads(activation).input ? Operand::kInput : Operand::kOutput,
      gradient_keeps_zero(activation)};
  return lower_elementwise_backward(std::string(traits(activation.function).word) + "_backward",
                                    context, gradient,
                                    [&](NestBuilder& nest, int, const auto& v, const auto& dy) {
                                      return emit_gradient(nest, activation, v(), dy());
                                    });
}

}  // namespace wattgrind
