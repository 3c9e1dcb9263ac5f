// What must hold of a machine, whether it was read, made from the host or calibrated.
#pragma once

#include <string_view>

#include "estimator/machine/machine.h"

namespace wattgrind {

// Throws Error(kInput) for the first number that cannot be, naming `where` and the number's key in
// a profile: "x.json: levels[1].geometry.ways: ...". It checks that
//  - levels have names of their own, none of them "DRAM";
//  - lines are powers of two and do not shrink downwards, a size is a multiple of ways * line;
//  - a level is not smaller than the one above (nearer the core), unless it is a victim cache, and
//    the first is no victim cache;
//  - a substitute for cachegrind has the same size and line, and sets that are a power of two;
//  - latencies are positive and do not fall downwards, energies are not negative, all are finite
//    and name their source.
void check_machine(const Machine& machine, std::string_view where);

}  // namespace wattgrind
