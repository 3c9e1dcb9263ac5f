// Counting::kReference.
#pragma once

#include <memory>

#include "cachesim/model/hierarchy_config.h"
#include "cachesim/walk/simulator.h"

namespace wattgrind {

std::unique_ptr<Walker> make_reference_walker(const HierarchyConfig& config);  // a valid one

}  // namespace wattgrind
