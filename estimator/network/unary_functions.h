// The functions of activations: what each is called, what it takes and what it costs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "estimator/network/layer_kind.h"
#include "estimator/network/network.h"

namespace wattgrind {

struct UnaryTraits {
  UnaryFunction function;
  std::string_view word;  // in network files
  int parameters = 0;     // of alpha and beta, in this order
  double alpha = 0;       // what they are by default; 0 where the function has none
  double beta = 0;
  uint64_t operations = 0;      // of one value, where an elementary function counts as one
  uint64_t backward = 0;        // of one value's gradient, the product with the output's included
  bool keeps_zero = false;      // the function of zero is zero
  GradientReads gradient = {};  // what the gradient is made from
};

const UnaryTraits& traits(UnaryFunction function);
std::optional<UnaryFunction> find_unary_function(std::string_view word);

// The function with its default parameters.
Activation default_activation(UnaryFunction function);

// As the table says, or as the parameters have it where it is theirs to say.
bool keeps_zero(const Activation& activation);
GradientReads gradient_reads(const Activation& activation);

}  // namespace wattgrind
