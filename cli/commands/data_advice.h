// What to do about a data set that is not there, in words of the command line.
#pragma once

#include <string_view>

#include "estimator/base/error.h"
#include "search/data/mnist.h"

namespace wattgrind {

// What `action` returns. Where it finds no data set, the error names the command that fetches it
// and `path`, the option or key that names its folder.
template <typename Action>
auto with_data_advice(std::string_view path, Action&& action) {
  try {
    return action();
  } catch (const DataMissing& missing) {
    fail(
        missing.kind(),
        "{}; `wattgrind data mnist --fetch` downloads it, {} or WATTGRIND_DATA names a folder that "
        "has it",
        missing.found(), path);
  }
}

}  // namespace wattgrind
