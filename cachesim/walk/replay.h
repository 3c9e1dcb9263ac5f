// Replays iterations of an outer loop, instead of walking them, where they are proved to repeat
// earlier ones up to a shift of every buffer's lines.
//
// A *period* is the least number of iterations in which every buffer moves by a whole number of
// lines and by whole rounds of the first level's sets. The *shift* of a buffer is the number of
// lines it moves by in a period. So the references of one period are those of the period before,
// each line shifted within its buffer, and a shifted line falls into the set of the line it was:
//
//     period           0          1          2          3
//     lines of a      0-7        8-15      16-23      24-31       the shift of a is 8
//     lines of w    100-103    100-103    100-103    100-103      the shift of w is 0
//     what is done  walked     walked     replayed   replayed
//                         ^          ^ here the first level holds the same as there, shifted
//
// After each period that is walked, what the first level holds is compared with what it held a
// period before. If each of its sets
//   1. holds exactly what it held then, shifted, in the same order of use and equally dirty, or
//   2. *stays*: it missed nothing in the period and only lines of shift 0 were used in it, however
//      long it has held others,
// then the misses of the next period are those of this one, shifted, and the same is true again
// after it. This is Morelli and Reineke's warping (PLDI 2022) for one level, set by set. The misses
// are looked up in the levels below, which are simulated in full, so nothing about them needs to
// repeat. The proof compares states, so it holds whatever the caches held before the loop.
//
// Where a level below is inclusive, it may take a line out of the first one, which ends the
// repetition: it asks for lines, and the first level is brought up to date where it may hold them
// (replayed_level.h). When a line is taken out, the period is walked from its beginning, but the
// misses that were replayed are not passed on again; from there on all is as if nothing had been
// replayed.
//
// Replay needs buffers that share no line, one stride for all references to a buffer, and a first
// level that is handed no dirty lines (LruHierarchy::can_replay). The order of its calls to the
// hierarchy is told in lru/lru_hierarchy.h.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/program/flat_program.h"
#include "cachesim/program/line_owners.h"
#include "cachesim/walk/line_shifts.h"
#include "cachesim/walk/replayed_level.h"

namespace wattgrind {

class Replay {
 public:
  // Loops of fewer references a period are walked, as comparing states costs about as much as
  // walking some thousand references.
  static constexpr uint64_t kFewestReferences = 1u << 11;

  Replay(LruHierarchy& caches, uint32_t line_bytes, uint64_t fewest_references)
      : caches_(caches),
        line_bytes_(line_bytes),
        fewest_references_(fewest_references),
        level_(caches.first_level()) {}

  // Tells which program is walked next; it and its owners must outlive the walk.
  void start_program(const FlatProgram& program, const LineOwners& owners);

  // Runs the whole loop and returns true, if it might repeat; else does nothing and returns false.
  // walk_iterations(n) must walk the loop's next n iterations, and skip_iterations(n) must only
  // move the addresses on by as many.
  bool run(const FlatLoop& loop, const std::function<void(uint64_t)>& walk_iterations,
           const std::function<void(uint64_t)>& skip_iterations);

  uint64_t replayed_references() const { return replayed_references_; }

 private:
  struct Period {
    uint64_t iterations = 0;
    LineShifts shifts;
  };
  // The state after a period, as far as a repetition must not change it but by a shift.
  struct Snapshot {
    ProvedState level;           // set_stays: once a repetition is proved
    uint64_t straddling = 0;     // references to several lines, whose misses are not in the log
    uint64_t invalidations = 0;  // lines taken out of the first level
  };

  // A loop that did not repeat is only walked for a while, the longer the more often it did not.
  struct Attempts {
    uint32_t failed = 0;   // attempts since the loop last repeated
    uint32_t to_omit = 0;  // runs of the loop, from now on, that are not to be attempted
  };

  std::optional<Period> period_of(const FlatLoop& loop) const;
  Snapshot take_snapshot();
  bool repeats(const Snapshot& before, Snapshot& now, const Period& period, UseTime begin) const;
  bool set_stays(std::span<const LruEntry> before, std::span<const LruEntry> now,
                 const Period& period, uint32_t used) const;
  uint64_t periods_inside(const Snapshot& now, const Period& period, uint64_t wanted) const;
  uint64_t replay(const Snapshot& now, const Period& period, uint64_t periods);
  size_t replay_next_period(std::span<const FirstLevelMiss> steps);

  LruHierarchy& caches_;
  uint32_t line_bytes_;
  uint64_t fewest_references_;
  ReplayedLevel level_;
  const FlatProgram* program_ = nullptr;
  const LineOwners* owners_ = nullptr;
  size_t buffers_ = 0;
  uint64_t replayed_references_ = 0;
  std::vector<Attempts> attempts_;  // by loop
  bool is_running_ = false;         // true inside a loop that is attempted: loops in it are walked
};

}  // namespace wattgrind
