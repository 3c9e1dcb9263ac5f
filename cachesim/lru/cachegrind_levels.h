// Cachegrind's levels below the first (CacheModel::kCachegrind). Each of them is looked up for
// everything that the first level missed, whether or not another of them holds it, and none ever
// holds a dirty line or takes one out of the first level.
#pragma once

#include <memory>

#include "cachesim/lru/first_level.h"
#include "cachesim/lru/lower_levels.h"
#include "cachesim/lru/lru_counters.h"
#include "cachesim/model/hierarchy_config.h"

namespace wattgrind {

// The first level and the counters must outlive the levels.
std::unique_ptr<LowerLevels> make_cachegrind_levels(const HierarchyConfig& config,
                                                    FirstLevel& first_level, LruCounters& counters);

}  // namespace wattgrind
