// Passes of a network as one list of kernel calls: what executables and traces are made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/program/program.h"

namespace wattgrind {

// The steps of all passes in order. Each is a function of its own, so that passes can be told
// apart: the first pass's bear the steps' symbols, the second's "conv1:pass2". The calls point to
// the programs' nests.
std::vector<KernelCall> calls_of(std::span<const Program* const> passes);

// Of the arena that holds all passes' buffers.
uint64_t arena_bytes(std::span<const Program* const> passes);

}  // namespace wattgrind
