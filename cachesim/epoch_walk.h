// Walks one innermost loop through the caches, an epoch at a time.
//
// In a kernel's innermost loop most streams of references stay on a line for several iterations
// (slow streams) while others move to a new line in each (fast streams: packed weights). An epoch
// is a run of iterations in which no slow stream changes its line. Lines fall into classes that
// share no set at any level, so only the order within a class matters, and class by class
//   - where only slow streams are, the first iteration stands for all;
//   - where only fast streams are, their lines are looked up in order, whole runs at a time;
//   - where both are, every iteration that brings a fast line, and the one after it, is walked.
//
// This is exact: an iteration left out touches the lines that the one before it touched, and under
// LRU a round of hits leaves a set as the same round before left it. That it hits is certain where
// a class has no more slow lines than sets have ways and no inclusive level took a line out in the
// round before; otherwise rounds are walked until that is so.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/flat_program.h"
#include "cachesim/lru_hierarchy.h"

namespace wattgrind {

class EpochWalk {
 public:
  EpochWalk(LruHierarchy& caches, uint32_t line_bytes);

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
  // Lines of a fast stream that follow each other, in classes that do too.
  struct Run {
    int64_t start;  // the iteration that brings the first line less its class
    size_t stream;
    uint64_t line;
    uint32_t count;
  };
  // A fast stream's line in a class with slow ones.
  struct Meeting {
    uint64_t of_class;
    uint64_t iteration;
    size_t stream;
    uint64_t line;
  };

  uint64_t line(const Stream& stream) const { return stream.address >> line_shift_; }
  uint64_t set_class(uint64_t line) const { return line & (classes_ - 1); }
  uint64_t class_bit(uint64_t line) const { return uint64_t{1} << set_class(line); }
  bool is_slow(const Stream& stream) const;

  bool gather_streams(const FlatProgram& program, const FlatLoop& loop, const Addresses& addresses);
  uint64_t stays(const Stream& stream) const;
  void walk_references(const FlatProgram& program, const FlatLoop& loop,
                       const Addresses& addresses);
  void walk_epochs(uint64_t trips);
  void advance(uint64_t iterations);
  void touch(const Stream& stream, uint64_t line);
  uint64_t epoch_length(uint64_t trips) const;
  bool slow_lines_fit() const;
  void walk_epoch(uint64_t iterations);
  void add_lines(size_t stream, uint64_t iterations);
  void add_run(size_t stream, uint64_t first_iteration, uint64_t line, uint32_t count);
  void touch_runs();
  void touch_slow_streams(uint64_t iterations);
  void walk_meetings(uint64_t iterations);
  const Meeting* walk_iteration(const Meeting* first, const Meeting* last, bool& is_settled);
  void walk_slow_rounds(uint64_t of_class, uint64_t at_most);

  LruHierarchy& caches_;
  uint32_t line_bytes_;
  uint32_t line_shift_;
  uint64_t classes_;  // lines that differ modulo this share no set; a power of two up to 64

  std::vector<Stream> streams_;  // in program order
  std::vector<size_t> slow_, fast_;
  uint64_t slow_classes_ = 0;  // bit c: a slow stream's line is in class c
  uint64_t met_classes_ = 0;   // bit c: a fast stream's line is there too
  std::vector<Run> runs_;
  std::vector<Meeting> meetings_;
};

}  // namespace wattgrind
