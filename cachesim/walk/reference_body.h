// Iterations of an innermost loop, walked reference by reference: what is not a segment's
// (segment.h), such as references that straddle lines.
#pragma once

#include <cstdint>
#include <span>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/program/flat_program.h"

namespace wattgrind {

// Iterations move each access, which is at addresses[i] first, by strides[i].
struct ReferenceBody {
  std::span<const FlatAccess> accesses;
  std::span<const int64_t> strides;
  const uint64_t* addresses = nullptr;
};

void walk_references(LruHierarchy& caches, const ReferenceBody& body, uint64_t iterations,
                     uint32_t line_shift);

}  // namespace wattgrind
