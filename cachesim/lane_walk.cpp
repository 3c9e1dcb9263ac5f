#include "cachesim/lane_walk.h"

#include "cachesim/epoch_walk.h"
#include "cachesim/flat_program.h"
#include "cachesim/lane_hierarchy.h"
#include "estimator/error.h"

namespace wattgrind {
namespace {

class LaneWalker : public Walker {
 public:
  explicit LaneWalker(const HierarchyConfig& config)
      : levels_(config.levels.size()),
        line_bytes_(config.levels[0].geometry.line_bytes),
        caches_(config),
        epochs_(caches_, line_bytes_) {}

  Simulation run(const AccessProgram& program) override {
    check_addresses(program);
    Simulation simulation{empty_traffic(program, levels_)};
    const LineOwners owners(program.buffers, line_bytes_);
    const FlatProgram flat(program);
    Addresses addresses(flat);
    caches_.start_program(owners, program.buffers.size());
    walk(flat, flat.body, addresses);
    caches_.add_counts_to(simulation.traffic);
    return simulation;
  }

 private:
  void check_addresses(const AccessProgram& program) const {
    const uint64_t block_bytes = uint64_t{line_bytes_} * kLanes;
    for (const AccessBuffer& buffer : program.buffers) {
      if ((buffer.address + buffer.bytes) / block_bytes >= LaneCache::kBlockLimit) {
        fail(ErrorKind::kInput, "{}: buffer {}: found at {:#x}, wanted below {:#x}", program.name,
             buffer.name, buffer.address, LaneCache::kBlockLimit * block_bytes);
      }
    }
  }

  void walk(const FlatProgram& program, const std::vector<FlatStep>& body, Addresses& addresses) {
    for (const FlatStep& step : body) {
      if (!step.is_loop) {
        epochs_.refer(addresses[step.index], program.accesses[step.index]);
        continue;
      }
      const FlatLoop& loop = program.loops[step.index];
      if (loop.is_innermost) {
        epochs_.run(program, loop, addresses);
        continue;
      }
      for (uint64_t i = 0; i < loop.trips; ++i) {
        walk(program, loop.body, addresses);
        addresses.advance(loop, 1);
      }
      addresses.advance(loop, -static_cast<int64_t>(loop.trips));
    }
  }

  size_t levels_;
  uint32_t line_bytes_;
  LaneHierarchy caches_;
  EpochWalk epochs_;
};

}  // namespace

std::unique_ptr<Walker> make_lane_walker(const HierarchyConfig& config) {
  return std::make_unique<LaneWalker>(config);
}

}  // namespace wattgrind
