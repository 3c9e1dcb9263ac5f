// Runs: misses of the first level, of lines that follow each other, on behalf of one requester.
// What walks through memory misses in runs, and the levels below look up a run much faster than
// they would look up its lines apart (stamped_runs.h).
//
//     misses     40  41  42(gives up 7, dirty)  43  44     90  91
//     runs       [40 to 42, gives up 7]        [43, 44]   [90, 91]
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

// Appends the misses to the runs, in their order. Lines that have become dirty are left out. For
// what, and when, clean lines were given up is lost: no level below may need to know.
void append_runs(std::span<const FirstLevelMiss> misses, std::vector<MissRun>& runs);

}  // namespace wattgrind
