// Walks innermost loops, and references that are in none, through the caches in segments
// (segment.h). Which references share a stream is worked out once for each place in the program,
// and again only when they come to lie differently in their lines.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/program/flat_program.h"
#include "cachesim/walk/reference_body.h"
#include "cachesim/walk/segment.h"

namespace wattgrind {

class SegmentWalk {
 public:
  SegmentWalk(LruHierarchy& caches, uint32_t line_bytes);

  // Tells to which program the loops and accesses belong that are run next.
  void start_program(const FlatProgram& program);

  // Runs all iterations of an innermost loop of the program whose accesses are at `addresses`.
  void run(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses);

  // Runs once `count` accesses of the program that follow each other.
  void run(const FlatProgram& program, size_t first_access, size_t count,
           const Addresses& addresses);

 private:
  // The accesses that one stream stands for. They stay on one line together because they stay
  // within one granule, the largest power of two that divides both the stride and a line:
  //
  //     |            granule            |            granule            |
  //          [ low    first    high )          all move by the stride, so they never cross a border
  struct Group {
    size_t first = 0;           // the number of the first access in the body
    int64_t low = 0, high = 0;  // from which byte to which they reach, counted from its address
    uint32_t granule = 0;       // in bytes
  };
  // A body's streams, complete but for their addresses.
  struct Plan {
    Segment segment;
    std::vector<Group> groups;  // by stream
  };

  void run(const ReferenceBody& body, uint64_t trips, Plan& plan);
  bool place_streams(const ReferenceBody& body, Plan& plan) const;
  bool make_plan(const ReferenceBody& body, Plan& plan) const;

  LruHierarchy& caches_;
  uint32_t line_bytes_;
  uint32_t line_shift_;
  std::vector<Plan> plans_;        // for the program under way, by the body's first access
  std::vector<uint8_t> lines_;     // by set of the first level, for walk_segment
  std::vector<int64_t> standing_;  // the strides, all 0, of accesses that do not move
};

}  // namespace wattgrind
