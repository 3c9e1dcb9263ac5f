#include "kernels/gradients/optimizer.h"

#include <cmath>
#include <type_traits>

#include "kernels/layout/map_layout.h"
#include "kernels/layout/tiling.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {
namespace {

// One vector of the update: where its operands lie, and the step size in every lane.
struct UpdateVector {
  int lanes = 0;
  Register step_size = kNoRegister;
  Address parameters, gradient, momentum, variance;
};

class UpdateEmitter {
 public:
  UpdateEmitter(NestBuilder& nest, const UpdateVector& at) : nest_(nest), at_(at) {}

  void operator()(const Sgd& sgd) {
    const Register g = load(at_.gradient);
    const Register w = load(at_.parameters);
    const Register change = nest_.apply(Opcode::kMul, at_.step_size, g);
    if (sgd.momentum == 0) {
      store(nest_.apply(Opcode::kSub, w, change), at_.parameters);
      return;
    }
    const Register momentum = value(sgd.momentum);
    const Register kept = nest_.apply(Opcode::kMul, load(at_.momentum), momentum);
    const Register velocity = nest_.apply(Opcode::kSub, kept, change);
    store(velocity, at_.momentum);
    store(nest_.apply(Opcode::kAdd, w, velocity), at_.parameters);
  }

  void operator()(const Adam& adam) {
    const Register g = load(at_.gradient);
    const Register m = average(at_.momentum, adam.beta_1, g);
    const Register v = average(at_.variance, adam.beta_2, nest_.apply(Opcode::kMul, g, g));
    subtract_scaled(m, v, adam.epsilon);
  }

  void operator()(const RmsProp& rms_prop) {
    const Register g = load(at_.gradient);
    const Register v = average(at_.variance, rms_prop.rho, nest_.apply(Opcode::kMul, g, g));
    subtract_scaled(g, v, rms_prop.epsilon);
  }

 private:
  Register load(const Address& address) { return nest_.load(at_.lanes, address); }
  void store(Register reg, const Address& address) { nest_.store(reg, address); }
  Register value(double v) { return nest_.constant(at_.lanes, static_cast<float>(v)); }

  // The moving average at `address`, moved on by `sample` and stored.
  Register average(const Address& address, double decay, Register sample) {
    const Register fresh = nest_.apply(Opcode::kMul, sample, value(1 - decay));
    const Register kept = value(decay);
    const Register moved_on = nest_.apply(Opcode::kMulAdd, load(address), kept, fresh);
    store(moved_on, address);
    return moved_on;
  }

  // w -= step size * direction / (sqrt(variance) + epsilon)
  void subtract_scaled(Register direction, Register variance, double epsilon) {
    const Register root = nest_.apply(Opcode::kSqrt, variance);
    const Register scale = nest_.apply(Opcode::kAdd, root, value(epsilon));
    const Register change =
        nest_.apply(Opcode::kDiv, nest_.apply(Opcode::kMul, at_.step_size, direction), scale);
    store(nest_.apply(Opcode::kSub, load(at_.parameters), change), at_.parameters);
  }

  NestBuilder& nest_;
  const UpdateVector& at_;
};

bool has_momentum(const Optimizer& optimizer) {
  const auto* sgd = std::get_if<Sgd>(&optimizer);
  return sgd != nullptr ? sgd->momentum != 0 : std::holds_alternative<Adam>(optimizer);
}

}  // namespace

std::string_view optimizer_name(const Optimizer& optimizer) {
  constexpr std::string_view kNames[] = {"sgd", "adam", "rmsprop"};
  return kNames[optimizer.index()];
}

std::optional<Optimizer> optimizer_named(std::string_view name) {
  for (const Optimizer& optimizer : {Optimizer(Sgd{}), Optimizer(Adam{}), Optimizer(RmsProp{})}) {
    if (optimizer_name(optimizer) == name) return optimizer;
  }
  return std::nullopt;
}

float step_size(const Optimizer& optimizer, uint64_t step) {
  const double size = std::visit(
      [&](const auto& kind) {
        if constexpr (std::is_same_v<std::decay_t<decltype(kind)>, Adam>) {
          const auto t = static_cast<double>(step);
          return kind.learning_rate * std::sqrt(1 - std::pow(kind.beta_2, t)) /
                 (1 - std::pow(kind.beta_1, t));
        } else {
          return kind.learning_rate;
        }
      },
      optimizer);
  return static_cast<float>(size);
}

uint64_t update_operations(const Optimizer& optimizer) {
  // A moving average: two products and a sum. A scaled step: product, root, sum, quotient and
  // difference.
  constexpr uint64_t kAverage = 3, kScaledStep = 5;
  return std::visit(
      [](const auto& kind) -> uint64_t {
        using T = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<T, Sgd>) {
          return kind.momentum == 0 ? 2 : 4;
        } else if constexpr (std::is_same_v<T, Adam>) {
          return 2 * kAverage + 1 + kScaledStep;  // and the square of the gradient
        } else {
          static_assert(std::is_same_v<T, RmsProp>);
          return kAverage + 1 + kScaledStep;
        }
      },
      optimizer);
}

LoopNest lower_update(const Optimizer& optimizer, TensorRole role, int64_t values, Isa isa) {
  NestBuilder nest(std::string(optimizer_name(optimizer)) + "_update", isa);
  const auto bytes = static_cast<uint64_t>(values * kFloatBytes);
  UpdateVector base;
  base.parameters = nest.buffer(Operand::kParameters, role, bytes);
  base.gradient = nest.buffer(Operand::kGradient, TensorRole::kGradient, bytes);
  if (has_momentum(optimizer))
    base.momentum = nest.buffer(Operand::kMomentum, TensorRole::kState, bytes);
  if (!std::holds_alternative<Sgd>(optimizer)) {
    base.variance = nest.buffer(Operand::kVariance, TensorRole::kState, bytes);
  }
  const Address step_size =
      nest.buffer(Operand::kStepSize, TensorRole::kState, static_cast<uint64_t>(kFloatBytes));
  for (const Tiles& piece : vector_pieces(values, nest.max_lanes())) {
    UpdateVector at;
    at.lanes = static_cast<int>(piece.size);
    at.step_size = nest.broadcast(at.lanes, step_size);
    nest.loop("vector", piece.count, [&](LoopVariable i) {
      const auto place = [&](const Address& address) {
        return stepped(moved(address, piece.start * kFloatBytes), i, piece.size * kFloatBytes);
      };
      at.parameters = place(base.parameters);
      at.gradient = place(base.gradient);
      at.momentum = place(base.momentum);
      at.variance = place(base.variance);
      std::visit(UpdateEmitter(nest, at), optimizer);
    });
  }
  return std::move(nest).finish();
}

}  // namespace wattgrind
