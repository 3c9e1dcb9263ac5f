#include "cachesim/walk/reference_walk.h"

#include "cachesim/model/reference_model.h"
#include "cachesim/program/flat_program.h"

namespace wattgrind {
namespace {

void walk(const FlatProgram& program, const std::vector<FlatStep>& body, Addresses& addresses,
          ReferenceModel& model) {
  for (const FlatStep& step : body) {
    if (!step.is_loop) {
      const FlatAccess& access = program.accesses[step.index];
      model.access({addresses[step.index], access.bytes, access.buffer, access.is_write});
      continue;
    }
    const FlatLoop& loop = program.loops[step.index];
    for (uint64_t i = 0; i < loop.trips; ++i) {
      walk(program, loop.body, addresses, model);
      addresses.advance(loop, 1);
    }
    addresses.advance(loop, -static_cast<int64_t>(loop.trips));
  }
}

class ReferenceWalker : public Walker {
 public:
  explicit ReferenceWalker(const HierarchyConfig& config)
      : levels_(config.levels.size()),
        line_bytes_(config.levels[0].geometry.line_bytes),
        model_(make_reference_model(config)) {}

  Simulation run(const AccessProgram& program) override {
    Simulation simulation{empty_traffic(program, levels_)};
    const LineOwners owners(program.buffers, line_bytes_);
    const FlatProgram flat(program);
    Addresses addresses(flat);
    model_->count_into(simulation.traffic, owners);
    walk(flat, flat.body, addresses, *model_);
    return simulation;
  }

 private:
  size_t levels_;
  uint32_t line_bytes_;
  std::unique_ptr<ReferenceModel> model_;
};

}  // namespace

std::unique_ptr<Walker> make_reference_walker(const HierarchyConfig& config) {
  return std::make_unique<ReferenceWalker>(config);
}

}  // namespace wattgrind
