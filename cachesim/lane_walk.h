// Counting::kCollapsed.
#pragma once

#include <memory>

#include "cachesim/hierarchy_config.h"
#include "cachesim/simulator.h"

namespace wattgrind {

// For a valid hierarchy that LaneHierarchy::can_simulate.
std::unique_ptr<Walker> make_lane_walker(const HierarchyConfig& config);

}  // namespace wattgrind
