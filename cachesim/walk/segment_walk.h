// Walks innermost loops, and references outside of them, through the caches in segments
// (segment.h).
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

  // The loops and accesses run next are this program's.
  void start_program(const FlatProgram& program);

  // Runs all iterations of an innermost loop of the program whose accesses are at `addresses`.
  void run(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses);

  // Runs `count` accesses that follow each other, once.
  void run(const FlatProgram& program, size_t first_access, size_t count,
           const Addresses& addresses);

 private:
  // The accesses that one stream stands for, as bytes from the first one's address on.
  struct Group {
    size_t first = 0;  // access of the body
    int64_t low = 0, high = 0;
    uint32_t granule = 0;  // the largest power of two that divides stride and line
  };
  // A body's streams, all but their addresses.
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
  std::vector<Plan> plans_;     // of the program under way, by the body's first access
  std::vector<uint8_t> lines_;  // by set of the first level; zero between uses
  std::vector<int64_t> none_;   // strides of what does not move
};

}  // namespace wattgrind
