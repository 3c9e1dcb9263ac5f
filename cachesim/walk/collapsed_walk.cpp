#include "cachesim/walk/collapsed_walk.h"

#include <limits>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/program/flat_program.h"
#include "cachesim/walk/replay.h"
#include "cachesim/walk/segment_walk.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

class CollapsedWalker : public Walker {
 public:
  CollapsedWalker(const HierarchyConfig& config, uint64_t fewest_references)
      : levels_(config.levels.size()),
        line_bytes_(config.levels[0].geometry.line_bytes),
        caches_(config),
        segments_(caches_, line_bytes_),
        replay_(caches_, line_bytes_, fewest_references) {}

  Simulation run(const AccessProgram& program) override {
    check_addresses(program);
    Simulation simulation{empty_traffic(program, levels_)};
    const LineOwners owners(program.buffers, line_bytes_);
    const FlatProgram flat(program);
    Addresses addresses(flat);
    segments_.start_program(flat);
    caches_.start_program(owners, program.buffers.size());
    replay_.start_program(flat, owners);
    walk(flat, flat.body, addresses);
    caches_.pass_on();
    caches_.add_counts_to(simulation.traffic);
    simulation.replayed_references = replay_.replayed_references();
    return simulation;
  }

 private:
  void check_addresses(const AccessProgram& program) const {
    const uint64_t limit = kLineLimit * line_bytes_;
    for (const AccessBuffer& buffer : program.buffers) {
      if (buffer.address + buffer.bytes > limit) {
        fail(ErrorKind::kInput, "{}: buffer {}: found its end at {:#x}, wanted it below {:#x}",
             program.name, buffer.name, buffer.address + buffer.bytes, limit);
      }
    }
  }

  void walk(const FlatProgram& program, const std::vector<FlatStep>& body, Addresses& addresses) {
    for (size_t i = 0; i < body.size();) {
      const FlatStep& step = body[i];
      if (!step.is_loop) {
        const size_t first = i;
        while (i < body.size() && !body[i].is_loop) {
          ++i;
        }
        segments_.run(program, step.index, i - first, addresses);
        continue;
      }
      const FlatLoop& loop = program.loops[step.index];
      if (loop.is_innermost) {
        segments_.run(program, loop, addresses);
      } else {
        walk_loop(program, loop, addresses);
      }
      ++i;
    }
  }

  void walk_loop(const FlatProgram& program, const FlatLoop& loop, Addresses& addresses) {
    const auto skip_iterations = [&](uint64_t iterations) {
      addresses.advance(loop, static_cast<int64_t>(iterations));
    };
    const auto walk_iterations = [&](uint64_t iterations) {
      for (uint64_t i = 0; i < iterations; ++i) {
        walk(program, loop.body, addresses);
        addresses.advance(loop, 1);
      }
    };
    if (!replay_.run(loop, walk_iterations, skip_iterations)) {
      walk_iterations(loop.trips);
    }
    addresses.advance(loop, -static_cast<int64_t>(loop.trips));
  }

  size_t levels_;
  uint32_t line_bytes_;
  LruHierarchy caches_;
  SegmentWalk segments_;
  Replay replay_;
};

}  // namespace

std::unique_ptr<Walker> make_collapsed_walker(const HierarchyConfig& config) {
  return std::make_unique<CollapsedWalker>(config, kNever);
}

std::unique_ptr<Walker> make_replaying_walker(const HierarchyConfig& config,
                                              uint64_t fewest_references) {
  return std::make_unique<CollapsedWalker>(config, fewest_references);
}

}  // namespace wattgrind
