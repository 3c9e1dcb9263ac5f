// Turns cachegrind's counts of functions into event counts of layers.
//
// Cachegrind knows two levels, D1 and LL. A machine of more is counted by one run for each level
// below the first, with that level as LL. Level i then misses what its own run says, and is
// looked up as often as level i - 1 misses. This takes every level for an LL that sees the misses
// of D1, not of the level above it: what a lower level holds only because it saw all of D1's
// misses is a hit here, and its least recently used line may be another than in hardware. Where
// the two runs contradict a hierarchy (the lower level misses more), the hits are absent.
//
// Only the data side is counted. There are no write-backs: cachegrind keeps no dirty lines.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cachesim/cachegrind/cachegrind_output.h"
#include "estimator/counts/counts.h"

namespace wattgrind {

struct CountedLayers {
  std::vector<EventCounts> layers;  // in the order asked for, without `bytes`
  EventCounts runtime;              // all functions that are no layer, so that sums are the tool's
};

// `runs` are those of plan_cachegrind() for a machine of `level_count` levels, in its order; each
// symbol is the name of a layer's function, once. Throws Error(kFailed) where a function is not
// there, where runs disagree in what does not depend on LL, or where a sum exceeds 64 bits.
CountedLayers count_layers(std::span<const CachegrindOutput> runs, size_t level_count,
                           std::span<const std::string> layer_symbols);

}  // namespace wattgrind
