#include "cachesim/simulator.h"

#include "cachesim/lane_hierarchy.h"
#include "cachesim/lane_walk.h"
#include "cachesim/reference_walk.h"

namespace wattgrind {

std::string_view name(Counting counting) {
  switch (counting) {
    case Counting::kReference:
      return "reference";
    case Counting::kCollapsed:
      return "collapsed";
  }
  return "unknown";
}

Simulator::Simulator(const HierarchyConfig& config, Counting fastest) : counting_(fastest) {
  validate(config);
  if (!LaneHierarchy::can_simulate(config)) {
    counting_ = Counting::kReference;
  }
  walker_ =
      counting_ == Counting::kReference ? make_reference_walker(config) : make_lane_walker(config);
}

Simulation Simulator::run(const AccessProgram& program) {
  validate(program);
  return walker_->run(program);
}

}  // namespace wattgrind
