// Walks innermost loops, and references outside of them, through the caches in segments as long as
// can be shown to be exact (segment.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/flat_program.h"
#include "cachesim/lru_hierarchy.h"
#include "cachesim/segment.h"

namespace wattgrind {

class SegmentWalk {
 public:
  SegmentWalk(LruHierarchy& caches, uint32_t line_bytes);

  // Runs all iterations of an innermost loop of the program whose accesses are at `addresses`.
  void run(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses);

  // Runs `count` accesses that follow each other, once.
  void run(const FlatProgram& program, size_t first_access, size_t count,
           const Addresses& addresses);

 private:
  // Accesses that follow each other, and by how much an iteration moves each.
  struct Body {
    std::span<const FlatAccess> accesses;
    std::span<const int64_t> strides;
    const uint64_t* addresses;
  };

  void run(const Body& body, uint64_t trips);
  bool gather_streams(const Body& body);
  void walk_references(const Body& body, uint64_t trips);
  uint64_t exact_iterations(uint64_t left);
  bool lines_surely_fit(uint64_t iterations) const;
  bool lines_fit(uint64_t iterations);
  void advance(uint64_t iterations);

  LruHierarchy& caches_;
  uint32_t line_bytes_;
  Segment segment_;
  std::vector<uint32_t> lines_;  // by set of the first level; zero between uses
  std::vector<int64_t> none_;    // strides of what does not move
};

}  // namespace wattgrind
