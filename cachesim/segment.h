// Segments: runs of iterations of an innermost loop in which every line stays where it is once it
// has been touched. Compiled for every vector instruction set the compiler knows and chosen at run
// time.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/lru_hierarchy.h"

namespace wattgrind {

// References of one loop that are on the same line in every iteration.
struct Stream {
  uint64_t address = 0;  // in the segment's first iteration
  int64_t stride = 0;
  uint64_t reciprocal = 0;  // of |stride| where it is slow and not 0, times 2^32
  Requester requester;      // of the first of them
  uint32_t dirty = 0;       // 1: one of them is a write, and the caches write back
  bool is_slow = false;     // its stride is less than a line
};

inline constexpr size_t kMaxStreams = 64;

struct Segment {
  std::vector<Stream> streams;  // in program order, at most kMaxStreams
  uint64_t iterations = 0;
  uint32_t line_shift = 0;
};

// Touches every line of the segment when it is first referenced, in the order of the references,
// with the time of its last one. Exact if no set of the first level gets more lines in the segment
// than it has ways, or if there is one iteration: then no touched line is evicted before the
// segment ends, and what is evicted is what was used longest ago before it began. Lines that an
// inclusive level takes out are touched again with their next reference.
void walk_segment(LruHierarchy& caches, const Segment& segment);

}  // namespace wattgrind
