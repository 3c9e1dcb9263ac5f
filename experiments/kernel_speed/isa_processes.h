// The libraries under comparison choose their instruction set and threads once, from the
// environment, when they are loaded: each instruction set is timed by a process of its own.
#pragma once

#include <string>
#include <vector>

#include "estimator/base/isa.h"

namespace wattgrind {

// AVX2 and AVX-512, as far as this CPU has them.
std::vector<Isa> timed_isas();

// Returns at once in a process whose environment is already the one for `isa`; else replaces the
// process by the same program with the same arguments in that environment.
void enter_environment(Isa isa, char** argv);

// Runs this program once for each instruction set, with "--isa NAME" added to its arguments.
// Returns the first exit status that is not 0, else 0.
int run_for_each(const std::vector<Isa>& isas, const std::vector<std::string>& arguments);

}  // namespace wattgrind
