// The two quick ways of counting: a line that references stay on is looked up once for all of them
// (segment.h) and, if replaying is asked for, iterations that repeat earlier ones are not walked
// (replay.h).
#pragma once

#include <memory>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/walk/replay.h"
#include "cachesim/walk/walker.h"

namespace wattgrind {

// The hierarchy must be valid and one that LruHierarchy::can_simulate.
std::unique_ptr<Walker> make_collapsed_walker(const HierarchyConfig& config);

// The hierarchy must be valid and one that LruHierarchy::can_replay. Loops of fewer references a
// period than `fewest_references` are walked.
std::unique_ptr<Walker> make_replaying_walker(
    const HierarchyConfig& config, uint64_t fewest_references = Replay::kFewestReferences);

}  // namespace wattgrind
