// Optimisers: how parameters follow from gradients, with Keras's defaults and formulas
// (tf.keras.optimizers up to 2.10), as loop nests.
//
// An update is one nest on a packed parameter buffer, element by element: padding has gradients
// of zero and stays zero. How far a step goes is read from a buffer of one value ("step_size"),
// so that neither schedules nor bias corrections make another kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "estimator/base/isa.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// Without momentum w -= s g; with it velocity = momentum * velocity - s g; w += velocity.
struct Sgd {
  double learning_rate = 0.01;
  double momentum = 0;
};

// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= s m / (sqrt(v) + epsilon), where the
// step size s = learning_rate sqrt(1 - b2^t) / (1 - b1^t) corrects the bias of step t.
struct Adam {
  double learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
};

// v = rho v + (1 - rho) g^2; w -= s g / (sqrt(v) + epsilon).
struct RmsProp {
  double learning_rate = 0.001;
  double rho = 0.9;
  double epsilon = 1e-7;
};

using Optimizer = std::variant<Sgd, Adam, RmsProp>;

// The word for it on command lines: "sgd", "adam", "rmsprop".
std::string_view optimizer_name(const Optimizer& optimizer);

// The optimiser of that name with its defaults; none for a word that names none.
std::optional<Optimizer> optimizer_named(std::string_view name);

// What "step_size" is to hold in step `step`, counted from 1.
float step_size(const Optimizer& optimizer, uint64_t step);

// Arithmetic operations of an update, for each parameter, as the formulas above have them.
uint64_t update_operations(const Optimizer& optimizer);

// The update of `values` parameters ("parameters", with the role given) by "gradient". The
// optimiser's own state, if any, is in "momentum" and "variance", zero before the first step.
LoopNest lower_update(const Optimizer& optimizer, TensorRole role, int64_t values, Isa isa);

}  // namespace wattgrind
