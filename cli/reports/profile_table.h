// A machine profile for people, every figure with how it was come by and its source.
#pragma once

#include <string>

#include "cli/terminal/table.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

// Rows of a profile: what, how much, how it was come by, from where.
Table profile_table(const Machine& machine);

// "L1 32 KiB, L2 256 KiB, L3 12 MiB"
std::string caches_text(const Machine& machine);

}  // namespace wattgrind
