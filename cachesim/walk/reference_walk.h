// The plain way of counting: every reference is looked up on its own, in the textbook model of
// reference_model.h.
#pragma once

#include <memory>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/walk/walker.h"

namespace wattgrind {

// The hierarchy must be valid.
std::unique_ptr<Walker> make_reference_walker(const HierarchyConfig& config);

}  // namespace wattgrind
