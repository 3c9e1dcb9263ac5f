// Machine profiles: JSON text, as configs/schemas/machine.json describes it, to Machine and back.
#pragma once

#include <string>
#include <string_view>

#include "estimator/machine/machine.h"

namespace wattgrind {

// The words of profiles: "lru", "victim", "calibrated", ...
std::string_view name(Replacement replacement);
std::string_view name(Containment containment);
std::string_view name(PriceOrigin origin);

// Throws Error(kInput) naming `where` (the file's name) and the key, or the line of a syntax error.
// Everything check_machine checks is checked.
Machine read_machine(std::string_view text, std::string_view where);

// Reading the text gives the same machine. Throws Error(kInput) where check_machine does.
std::string write_machine(const Machine& machine);

}  // namespace wattgrind
