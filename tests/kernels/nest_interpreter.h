// The meaning of a loop nest, executed one instruction at a time: the oracle of code generation.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/nest/nest.h"

namespace wattgrind {

struct ReferencesMade {
  uint64_t reads = 0;
  uint64_t writes = 0;
};

// One load or store.
struct NestReference {
  uint32_t buffer = 0;
  uint64_t offset_bytes = 0;
  uint32_t bytes = 0;
  bool is_write = false;
};

// Executes the nest on its buffers, each of as many bytes as the nest says, and returns the loads
// and stores made; `references`, if wanted, receives them in order. A reference outside its buffer
// aborts. kMulAdd rounds once if `fuse`.
ReferencesMade interpret(const LoopNest& nest, std::vector<std::vector<uint8_t>>& buffers,
                         bool fuse, std::vector<NestReference>* references = nullptr);

}  // namespace wattgrind
