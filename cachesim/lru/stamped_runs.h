// Looks up the lines of many misses in a StampedCache: of those that follow each other eight at a
// time, on the host's widest vectors. The cache then holds exactly what it would hold after its
// touch() of each line.
//
// Lines that follow each other lie in different sets, so all lines of eight may be used at one
// time. Their stamps lie side by side. Two cases are common, and are told apart by the stamps:
//
//   - All are held: their stamps become the time, and nothing else happens.
//   - None is held, and their sets are a neighbourhood (stamped_cache.h). If each note in front is
//     up to date, or each is free, the lines take their places: eight notes, eight stamps and eight
//     fronts are written. The notes lie side by side if all fronts are at one place, as runs leave
//     them.
//
// Everything else is looked up line by line.
#pragma once

#include <cstdint>
#include <span>

#include "cachesim/lru/first_level_miss.h"
#include "cachesim/lru/lru_counters.h"
#include "cachesim/lru/stamped_cache.h"

namespace wattgrind {

// Where to count the lines that a cache did not hold.
struct MissedLines {
  uint64_t* by_requester = nullptr;  // those of each requester
  LruCounters* seen = nullptr;       // where not null, the lines are marked as seen

  void add(uint32_t line, uint32_t count, uint32_t requester) const {
    by_requester[requester] += count;
    if (seen != nullptr && count == 1) {
      seen->mark_seen(line, requester);
    } else if (seen != nullptr) {
      seen->mark_all_seen(line, count, requester);
    }
  }
};

// Uses the lines of all misses, one after the other; none becomes dirty. What the cache gives up
// for them is lost, so it must not matter.
void touch_misses(StampedCache& cache, std::span<const FirstLevelMiss> misses, MissedLines missed);

}  // namespace wattgrind
