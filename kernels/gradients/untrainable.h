// Layers without a gradient say so before anything runs.
#pragma once

#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {

// Throws Error(kInput): "WHAT cannot be trained".
[[noreturn]] inline void refuse_training(std::string_view what) {
  fail(ErrorKind::kInput, "{} cannot be trained", what);
}

}  // namespace wattgrind
