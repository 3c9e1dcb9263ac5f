// What must hold of a machine whichever way it came about: read, built from a host, calibrated.
#pragma once

#include <string_view>

#include "estimator/machine/machine.h"

namespace wattgrind {

// Throws Error(kInput) naming `where` and the key, as in a profile, of the first number that
// cannot be: "x.json: levels[1].geometry.ways: ...". Checked are that
//  - levels have names of their own, none of them "DRAM";
//  - lines are powers of two and do not shrink downwards, a size is a multiple of ways * line;
//  - a level is not smaller than the one above (nearer the core), unless it is a victim cache, and
//    the first is no victim cache;
//  - a cachegrind substitute has the same size and line, and sets that are a power of two;
//  - latencies are positive and do not fall downwards, energies are not negative, all are finite
//    and name their source.
void check_machine(const Machine& machine, std::string_view where);

}  // namespace wattgrind
