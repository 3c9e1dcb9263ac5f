// Runs: misses of the first level, of lines that follow each other, on behalf of one requester. What
// walks through memory misses in runs, and the levels below look up a run much faster than they
// would look up its lines apart (stamped_runs.h).
//
// Loops walk several rows at once, so the misses of a run have others between them. They are still
// put together, which changes the order of misses:
//
//     misses     40  80  90  41  81  42  82  91  43
//     runs       [40 to 43]  [80 to 82]  [90, 91]
//
// An LRU set does not know in which order lines of other sets are used. So the order may change as
// long as that of lines of one set does not, in no level that is looked up for the runs:
//
// 1. A miss joins a run only if no miss between the run's last one and itself, as runs stand in
//    order, is of a line that shares a set with it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/first_level_miss.h"
#include "cachesim/lru/lru_entry.h"

namespace wattgrind {

struct MissRun {
  uint32_t line = 0;   // the first
  uint32_t count = 0;  // of lines, at least 1
  // What the first level gave up for the last of the lines, if that is dirty; else invalid. What it
  // gave up for the others was clean.
  LruEntry displaced = kInvalidEntry;
  uint32_t tag = 0;  // of each of the misses

  uint32_t requester() const { return tag >> FirstLevelMiss::kRequesterShift; }
};

// Appends the misses to the runs in their order; only those that follow each other become one run.
// Lines that have become dirty are left out. For what, and when, clean lines were given up is lost:
// no level below may need to know.
void append_runs(std::span<const FirstLevelMiss> misses, std::vector<MissRun>& runs);

// Does the same for misses that gave up nothing dirty, for levels of so many sets, and changes their
// order as above.
void gather_runs(std::span<const FirstLevelMiss> misses, std::span<const uint32_t> sets,
                 std::vector<MissRun>& runs);

}  // namespace wattgrind
