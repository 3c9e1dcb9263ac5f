// A machine's levels below the first (CacheModel::kMachine), with LRU at every level. They hold and
// count what the textbook model of reference_model.h holds and counts.
//
// A miss travels down until a level holds its line; then the line comes up again. One look at a
// level's table both finds that the line is missing and puts it in, so a level is filled on the way
// down already. What it displaced for the line is then *in flight*: out of the level, but not yet
// evicted. It is evicted on the way up, the lowest level first, as the textbook model would do it:
//
//                          way down                            way up
//     first level    misses the line, A in flight    3.  evicts A, as L2 is told
//     L2             misses the line, B in flight    2.  evicts B, as L3 is told
//     L3             holds the line                  1.  (a victim level has given it up)
//
// What becomes of an evicted line depends on the level below. A victim level takes every line in
// and may evict another one for it. Any other level only hears of dirty lines: they are written
// back to the next level that holds them, else to DRAM. Before that, an inclusive level takes the
// line that it evicts out of all levels above, and where it finds a copy there that is dirty, the
// evicted line is dirty too.
//
// 1. Between two misses nothing is in flight, and an inclusive level holds every line that a level
//    above it holds.
// 2. Whatever a level has in flight was used earlier than every other line of its set.
#pragma once

#include <memory>

#include "cachesim/lru/first_level.h"
#include "cachesim/lru/lower_levels.h"
#include "cachesim/lru/lru_counters.h"
#include "cachesim/model/hierarchy_config.h"

namespace wattgrind {

// The first level and the counters must outlive the levels.
std::unique_ptr<LowerLevels> make_machine_levels(const HierarchyConfig& config,
                                                 FirstLevel& first_level, LruCounters& counters);

}  // namespace wattgrind
