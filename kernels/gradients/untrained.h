// Kinds of layers that have no way back.
#pragma once

#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {

// `kind` is the word of a layer's kind.
[[noreturn]] inline void fail_untrained(std::string_view kind) {
  fail(ErrorKind::kInput, "{} cannot be trained", kind);
}

}  // namespace wattgrind
