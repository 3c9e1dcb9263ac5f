// Walks one innermost loop through the caches, an epoch at a time.
//
// In a kernel's innermost loop most streams of references stay on a line for several iterations
// (slow streams) while one or two move to a new line in each (fast streams, the packed weights). An
// epoch is a run of iterations in which no slow stream changes its line. Its first iteration looks
// up every stream in program order; after that only lines of fast streams are new, and they are
// looked up together, up to sixteen at a time. Lines that share no set at any level do not care
// about each other's order; where a fast stream's line may share a set with slow ones, it is looked
// up on its own and they are touched again after it, as the iteration would.
//
// This is exact: between two changes in a set, the same lines are touched round after round, and
// under LRU a round of hits leaves the set as the round before left it. That the rounds left out
// hit is certain as long as a set sees no more lines in a round than it has ways and no inclusive
// level takes a line out meanwhile; otherwise the epoch ends after one iteration.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/flat_program.h"
#include "cachesim/lane_hierarchy.h"

namespace wattgrind {

class EpochWalk {
 public:
  EpochWalk(LaneHierarchy& caches, uint32_t line_bytes);

  // Runs all iterations of an innermost loop of the program whose accesses are at `addresses`.
  void run(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses);

  // One reference, which may straddle lines.
  void refer(uint64_t address, const FlatAccess& access);

 private:
  // References of one loop that are on the same line in every iteration.
  struct Stream {
    uint64_t address = 0;
    int64_t stride = 0;
    uint64_t stays = 0;       // iterations until it leaves its line, this one included
    uint64_t reciprocal = 0;  // of |stride| where it is slow, times 2^32
    Requester requester;      // of the first of them
    bool dirties = false;     // one of them is a write
    uint32_t granule = 0;     // the largest power of two that divides stride and line
  };
  struct Conflict {
    uint64_t line;
    uint64_t iteration;  // of the epoch
    size_t stream;
  };

  uint64_t line(const Stream& stream) const { return stream.address >> line_shift_; }
  uint64_t set_class(uint64_t line) const { return line & (classes_ - 1); }
  uint64_t class_bit(uint64_t line) const { return uint64_t{1} << set_class(line); }

  bool gather_streams(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses);
  void prepare(Stream& stream) const;
  uint64_t stays(const Stream& stream) const;
  void walk_references(const FlatProgram& program, const FlatLoop& loop,
                       const Addresses& addresses);
  void walk_epochs(uint64_t trips);
  void touch(const Stream& stream, uint64_t line);
  uint64_t epoch_length(uint64_t trips) const;
  bool rounds_hit() const;
  bool run_epoch(uint64_t iterations);
  bool fast_streams_meet(uint64_t iterations) const;
  uint64_t classes_of(const Stream& stream, uint64_t iterations) const;
  void touch_lines(size_t stream, uint64_t iterations);
  void touch_unit_stride(size_t stream, uint64_t iterations);
  void resolve(const Conflict& conflict, uint64_t iterations);
  void repeat_rounds(uint64_t of_class, uint64_t at_most, bool at_least_once);

  LaneHierarchy& caches_;
  uint32_t line_bytes_;
  uint32_t line_shift_;
  uint64_t classes_;  // lines that differ modulo this share no set; a power of two up to 64

  std::vector<Stream> streams_;  // in program order
  std::vector<size_t> slow_, fast_;
  uint64_t slow_classes_ = 0;  // bit c: a slow stream's line is in class c
  std::vector<Conflict> conflicts_;
};

}  // namespace wattgrind
