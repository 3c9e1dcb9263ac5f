#include "cachesim/simulator.h"

#include "cachesim/reference_walk.h"

namespace wattgrind {

std::string_view name(Counting counting) {
  switch (counting) {
    case Counting::kReference:
      return "reference";
  }
  return "unknown";
}

Simulator::Simulator(const HierarchyConfig& config, Counting fastest) : counting_(fastest) {
  validate(config);
  walker_ = make_reference_walker(config);
}

Simulation Simulator::run(const AccessProgram& program) {
  validate(program);
  return walker_->run(program);
}

}  // namespace wattgrind
