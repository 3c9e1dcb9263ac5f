// The access program of a loop nest: the same loops with the arithmetic dropped.
#pragma once

#include <span>
#include <string>

#include "cachesim/program/access_program.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// `addresses` holds the address of each of the nest's buffers, in their order. Buffers alike at the
// same address are one.
AccessProgram access_program(const LoopNest& nest, std::string name,
                             std::span<const uint64_t> addresses);

}  // namespace wattgrind
