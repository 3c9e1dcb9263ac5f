// The inner loops of lane_cache.h, compiled for every vector instruction set the compiler knows and
// chosen at run time.
//
// They work on one group: sixteen neighbouring sets side by side, lane i of every row being set i.
// Rows are ordered by recency: in each lane the most recently used line is in row 0, invalid
// entries come last. All lines of one operation belong to one block (sixteen lines from a multiple
// of sixteen), so one tag stands for all of them and `lanes` says which are meant, bit i for
// lane i.
#pragma once

#include <cstdint>

namespace wattgrind {

inline constexpr uint32_t kLanes = 16;

// A block number shifted left by one, and whether the line is dirty in bit 0.
using LaneTag = uint32_t;
inline constexpr LaneTag kInvalidTag = ~LaneTag{1};

struct alignas(64) LaneRow {
  LaneTag lane[kLanes];
};

// Bit i of each mask is lane i.
struct LaneTouch {
  uint16_t missed = 0;
  uint16_t evicted = 0;        // of these, the lanes that gave up a valid line
  uint16_t evicted_dirty = 0;  // of these, the lanes whose line was dirty
};

struct LaneFound {
  uint16_t held = 0;
  uint16_t dirty = 0;  // of these
};

struct LaneKernels {
  // Makes the lines most recently used, putting in those not held; marks those in `dirty_lanes`
  // dirty. Fills `evicted` in the lanes that missed.
  LaneTouch (*touch)(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes,
                     uint32_t dirty_lanes, LaneRow* evicted);
  // Takes the lines out where they are held.
  LaneFound (*remove)(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes);
  // Marks the lines dirty where they are held, which is not a use; returns those lanes.
  uint16_t (*mark_dirty)(LaneRow* group, uint32_t ways, LaneTag tag, uint32_t lanes);
};

// Of the best instruction set this processor has.
const LaneKernels& lane_kernels();

}  // namespace wattgrind
