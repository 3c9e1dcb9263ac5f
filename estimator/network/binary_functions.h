// What operations on two maps are called, and where their second operand is.
#pragma once

#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

std::string_view word_of(BinaryFunction function);

// The second operand is a constant that the layer holds.
bool has_constant(const Binary& binary);

}  // namespace wattgrind
