// Machine files are JSON text, as configs/schemas/machine.json describes it. They are read into a
// Machine and written from one.
#pragma once

#include <string>
#include <string_view>

#include "estimator/machine/machine.h"

namespace wattgrind {

// The words that profiles use: "lru", "victim", "calibrated", "scaled", ...
std::string_view name(Replacement replacement);
std::string_view name(Containment containment);
std::string_view name(PriceOrigin origin);
std::string_view name(Basis basis);

// Throws Error(kInput) naming `where` (the file's name) and the key, or the line of a syntax error.
// Checks all that check_machine does.
Machine read_machine(std::string_view text, std::string_view where);

// Writes a text from which the same machine is read. Throws Error(kInput) where check_machine does.
std::string write_machine(const Machine& machine);

}  // namespace wattgrind
