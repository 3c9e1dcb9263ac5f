// Turns counted passes (count_source.h) into one list of kernel calls, of which executables and
// traces are made.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/program/program.h"

namespace wattgrind {

// Returns a call for each step of each pass, in order. Each becomes a function of its own, so that
// passes can be told apart: in the first pass the symbol is the step's ("conv1"), in the second it
// is "conv1:pass2". The calls point to the programs' nests, which must outlive them.
std::vector<KernelCall> calls_of(std::span<const Program* const> passes);

// The bytes of the arena that holds all passes' buffers.
uint64_t arena_bytes(std::span<const Program* const> passes);

}  // namespace wattgrind
