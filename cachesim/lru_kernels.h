// The inner loops of lru_cache.h, compiled for every vector instruction set the compiler knows and
// chosen at run time.
//
// A set is its entries in order of recency, the most recently used first, invalid entries last, and
// padding up to whole vectors behind.
#pragma once

#include <cstdint>

namespace wattgrind {

// A line number shifted left by one, and whether the line is dirty in bit 0.
using LruEntry = uint32_t;
inline constexpr LruEntry kInvalidEntry = ~LruEntry{1};
inline constexpr uint32_t kMaxLruWays = 64;

struct LruShape {
  uint32_t ways = 0;
  uint32_t padded_ways = 0;  // entries from one set to the next: 8 or a multiple of 16
};

struct LruTouch {
  LruEntry displaced = kInvalidEntry;  // on a miss: the entry the set gave up
  uint32_t missed = 0;                 // 0 or 1
};

struct LruKernels {
  // Makes the line of `entry` (not dirty) the most recently used, putting it in where it is not
  // held; its entry is or-ed with `dirty`.
  LruTouch (*touch)(LruEntry* set, LruShape shape, LruEntry entry, uint32_t dirty);
  // The place of the line of `entry` in the set; the number of ways if it is not held.
  uint32_t (*find)(const LruEntry* set, LruShape shape, LruEntry entry);
};

// For at most kMaxLruWays ways.
LruShape lru_shape(uint32_t ways);

// Kernels for sets of this shape, of the best instruction set this processor has.
LruKernels lru_kernels(LruShape shape);

}  // namespace wattgrind
