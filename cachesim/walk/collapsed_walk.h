// Counting::kCollapsed and kReplayed.
#pragma once

#include <memory>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/walk/replay.h"
#include "cachesim/walk/simulator.h"

namespace wattgrind {

// For a valid hierarchy that LruHierarchy::can_simulate.
std::unique_ptr<Walker> make_collapsed_walker(const HierarchyConfig& config);

// For one that LruHierarchy::can_replay; loops of fewer references an iteration are walked.
std::unique_ptr<Walker> make_replaying_walker(
    const HierarchyConfig& config, uint64_t fewest_references = Replay::kFewestReferences);

}  // namespace wattgrind
