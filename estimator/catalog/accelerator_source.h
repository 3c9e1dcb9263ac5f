// The catalog of accelerators: what ACCELERATOR on the command line may be.
#pragma once

#include <string>
#include <string_view>

#include "estimator/accelerator/accelerator.h"

namespace wattgrind {

// `argument` is a built-in name, found by its spelling (same_spelling), or a file, which ends in
// ".json" or holds a "/". Throws Error(kInput) for a name that is not known, with those near it,
// and whatever the reader throws.
Accelerator find_accelerator(const std::string& argument);

}  // namespace wattgrind
