// Profiles of accelerators: JSON, as configs/schemas/accelerator.json describes it.
#pragma once

#include <string>
#include <string_view>

#include "estimator/accelerator/accelerator.h"

namespace wattgrind {

// Throws Error(kInput) that begins with `where` (the file's name) and names the key, the value
// found and the value wanted; for a syntax error it names the line.
Accelerator read_accelerator(std::string_view text, std::string_view where);

// The text that read_accelerator() reads.
std::string write_accelerator(const Accelerator& accelerator);

}  // namespace wattgrind
