// What every experiment's main() does.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {

// The exit status of `run()`; where that throws an Error, its message on standard error, begun by
// `name`, and the status of its kind.
template <typename Run>
int exit_status_of(std::string_view name, Run run) {
  try {
    return run();
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return static_cast<int>(error.kind());
  }
}

}  // namespace wattgrind
