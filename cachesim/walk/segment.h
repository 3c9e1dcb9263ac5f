// Segments: iterations of an innermost loop in which a line is looked up once for as long as the
// loop's references stay on it. Compiled for every vector instruction set the compiler knows and
// chosen at run time.
//
// A reference that stays on a line for several iterations uses it in each of them. It is looked up
// in the first of these, and the time of its use set to the last of them at once. That is exact
// while, from one use to the next, fewer other lines of the set are used than it has ways: then it
// is not given up in between, and of what else the set holds, times tell what was used last.
// Iterations for which it is not so are walked reference by reference.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/lru/lru_hierarchy.h"

namespace wattgrind {

// References of one loop that are on the same line in every iteration.
struct LineStream {
  uint64_t address = 0;  // in the segment's first iteration
  int64_t stride = 0;
  uint64_t reciprocal = 0;  // of |stride| where it is slow and not 0, times 2^32
  uint32_t tag = 0;         // of its misses: for the first of them
  uint32_t dirty = 0;       // 1: one of them is a write, and the caches write back
  bool is_slow = false;     // its stride is less than a line
};

inline constexpr size_t kMaxStreams = 64;

struct Segment {
  std::vector<LineStream> streams;   // in program order, at most kMaxStreams
  std::vector<uint32_t> fast, slow;  // which of them are
  uint64_t iterations = 0;
  uint32_t line_shift = 0;
};

// Walks all iterations, at most FirstLevel::kMostTicks / streams of them. `lines` are numbers by
// set of the first level, zero between uses.
void walk_segment(LruHierarchy& caches, const Segment& segment, std::vector<uint8_t>& lines);

}  // namespace wattgrind
