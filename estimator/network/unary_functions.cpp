#include "estimator/network/unary_functions.h"

#include <algorithm>
#include <array>

namespace wattgrind {
namespace {

constexpr GradientReads kReadsInput{.input = true, .output = false};
constexpr GradientReads kReadsOutput{.input = false, .output = true};
constexpr GradientReads kReadsNeither{};

// Parameters are those of ONNX's operators.
constexpr std::array<UnaryTraits, 22> kUnaryFunctions = {{
    {UnaryFunction::kLeakyRelu, "leaky_relu", 1, 0.01, 0, 2, 2, true, kReadsOutput},
    {UnaryFunction::kElu, "elu", 1, 1, 0, 4, 3, true, kReadsOutput},
    {UnaryFunction::kSelu, "selu", 2, 1.67326319217681884765625, 1.05070102214813232421875, 5, 3,
     true, kReadsOutput},
    {UnaryFunction::kSigmoid, "sigmoid", 0, 0, 0, 4, 3, false, kReadsOutput},
    {UnaryFunction::kHardSigmoid, "hard_sigmoid", 2, 0.2, 0.5, 4, 3, false, kReadsOutput},
    {UnaryFunction::kTanh, "tanh", 0, 0, 0, 1, 3, true, kReadsOutput},
    {UnaryFunction::kSwish, "swish", 0, 0, 0, 5, 9, true, kReadsInput},
    {UnaryFunction::kHardSwish, "hard_swish", 0, 0, 0, 5, 6, true, kReadsInput},
    {UnaryFunction::kGelu, "gelu", 0, 0, 0, 5, 10, true, kReadsInput},
    {UnaryFunction::kGeluTanh, "gelu_tanh", 0, 0, 0, 9, 18, true, kReadsInput},
    {UnaryFunction::kSoftplus, "softplus", 0, 0, 0, 3, 4, false, kReadsOutput},
    {UnaryFunction::kSoftsign, "softsign", 0, 0, 0, 3, 4, true, kReadsOutput},
    {UnaryFunction::kExp, "exp", 0, 0, 0, 1, 1, false, kReadsOutput},
    {UnaryFunction::kLog, "log", 0, 0, 0, 1, 1, false, kReadsInput},
    {UnaryFunction::kSqrt, "sqrt", 0, 0, 0, 1, 2, true, kReadsOutput},
    {UnaryFunction::kErf, "erf", 0, 0, 0, 1, 5, true, kReadsInput},
    {UnaryFunction::kPower, "power", 1, 2, 0, 1, 3, true, kReadsInput},
    {UnaryFunction::kAbs, "abs", 0, 0, 0, 1, 2, true, kReadsInput},
    {UnaryFunction::kNegative, "negative", 0, 0, 0, 1, 1, true, kReadsNeither},
    {UnaryFunction::kReciprocal, "reciprocal", 0, 0, 0, 1, 3, false, kReadsOutput},
    {UnaryFunction::kSin, "sin", 0, 0, 0, 1, 2, true, kReadsInput},
    {UnaryFunction::kCos, "cos", 0, 0, 0, 1, 3, false, kReadsInput},
}};

}  // namespace

const UnaryTraits& traits(UnaryFunction function) {
  return kUnaryFunctions[static_cast<size_t>(function)];
}

std::optional<UnaryFunction> find_unary_function(std::string_view word) {
  const auto* const found = std::ranges::find(kUnaryFunctions, word, &UnaryTraits::word);
  if (found == kUnaryFunctions.end()) return std::nullopt;
  return found->function;
}

Activation default_activation(UnaryFunction function) {
  return {function, traits(function).alpha, traits(function).beta};
}

bool keeps_zero(const Activation& activation) {
  if (activation.function == UnaryFunction::kPower) return activation.alpha > 0;
  return traits(activation.function).keeps_zero;
}

GradientReads gradient_reads(const Activation& activation) {
  // An output tells on which side of zero its input was unless a side is turned over.
  const bool turns =
      activation.alpha < 0 || (activation.function == UnaryFunction::kSelu && activation.beta <= 0);
  const bool has_sides = activation.function == UnaryFunction::kLeakyRelu ||
                         activation.function == UnaryFunction::kElu ||
                         activation.function == UnaryFunction::kSelu;
  return has_sides && turns ? kReadsInput : traits(activation.function).gradient;
}

}  // namespace wattgrind
