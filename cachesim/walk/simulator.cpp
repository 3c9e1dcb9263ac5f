#include "cachesim/walk/simulator.h"

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/walk/collapsed_walk.h"
#include "cachesim/walk/reference_walk.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

std::unique_ptr<Walker> make_walker(Counting counting, const HierarchyConfig& config) {
  switch (counting) {
    case Counting::kReference:
      return make_reference_walker(config);
    case Counting::kCollapsed:
      return make_collapsed_walker(config);
    case Counting::kReplayed:
      return make_replaying_walker(config);
  }
  CHECK(false, "counting {}", static_cast<int>(counting));
  return nullptr;
}

}  // namespace

std::string_view name(Counting counting) {
  switch (counting) {
    case Counting::kReference:
      return "reference";
    case Counting::kCollapsed:
      return "collapsed";
    case Counting::kReplayed:
      return "replayed";
  }
  return "unknown";
}

Simulator::Simulator(const HierarchyConfig& config, Counting fastest) : counting_(fastest) {
  validate(config);
  if (counting_ == Counting::kReplayed && !LruHierarchy::can_replay(config)) {
    counting_ = Counting::kCollapsed;
  }
  if (counting_ == Counting::kCollapsed && !LruHierarchy::can_simulate(config)) {
    counting_ = Counting::kReference;
  }
  walker_ = make_walker(counting_, config);
}

Simulation Simulator::run(const AccessProgram& program) {
  validate(program);
  return walker_->run(program);
}

}  // namespace wattgrind
