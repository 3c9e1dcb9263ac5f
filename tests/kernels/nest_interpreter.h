// The meaning of a loop nest, executed one instruction at a time: the oracle of code generation.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/nest.h"

namespace wattgrind {

struct ReferencesMade {
  uint64_t reads = 0;
  uint64_t writes = 0;
};

// Executes the nest on its buffers, each of as many bytes as the nest says, and returns the loads
// and stores made. A reference outside its buffer aborts. kMulAdd rounds once if `fuse`.
ReferencesMade interpret(const LoopNest& nest, std::vector<std::vector<uint8_t>>& buffers,
                         bool fuse);

}  // namespace wattgrind
