// Walks iterations of an innermost loop reference by reference. This is for what cannot be walked
// in segments (segment.h), such as references that straddle lines.
#pragma once

#include <cstdint>
#include <span>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/program/flat_program.h"

namespace wattgrind {

// The body of a loop: access i is at addresses[i] in the first iteration, and each iteration moves
// it by strides[i].
struct ReferenceBody {
  std::span<const FlatAccess> accesses;
  std::span<const int64_t> strides;
  const uint64_t* addresses = nullptr;
};

// Lines have 2^line_shift bytes.
void walk_references(LruHierarchy& caches, const ReferenceBody& body, uint64_t iterations,
                     uint32_t line_shift);

}  // namespace wattgrind
