#include "kernels/program/shared_memory.h"

#include <algorithm>
#include <optional>
#include <set>

#include "kernels/layout/arena.h"
#include "kernels/parts/halo_clear.h"

namespace wattgrind {
namespace {

bool may_share(const ProgramBuffer& buffer) { return buffer.kind == BufferKind::kMap; }

// The buffers that dense layers read.
std::set<uint32_t> read_as_vectors(const Program& program, const Network& network) {
  std::set<uint32_t> buffers;
  for (const Layer& layer : network.layers) {
    if (std::holds_alternative<Dense>(layer.operation)) {
      buffers.insert(program.map(layer.input()).buffer);
    }
  }
  return buffers;
}

// The layout of each buffer of a map that was made for it; absent for others.
std::vector<std::optional<MapLayout>> layouts_of(const Program& program) {
  std::vector<std::optional<MapLayout>> layouts(program.buffers.size());
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    if (program.maps.outputs[i].storage != Storage::kOwn) continue;
    layouts[program.outputs[i].buffer] = program.outputs[i].layout;
  }
  return layouts;
}

// Puts a step that clears what lies beside a map before the step that writes it first.
void clear_surroundings(Program& program, const Network& network) {
  const auto layouts = layouts_of(program);
  const std::set<uint32_t> vectors = read_as_vectors(program, network);
  std::set<uint32_t> seen;
  std::vector<Step> steps;
  for (Step& step : program.steps) {
    for (const uint32_t buffer : step.buffers) {
      if (!layouts[buffer] || !seen.insert(buffer).second) continue;
      const bool with_gaps = vectors.contains(buffer);
      if (!may_share(program.buffers[buffer])) continue;
      if (!has_surroundings(*layouts[buffer], with_gaps)) continue;
      steps.push_back(make_step(
          step.layer, step.symbol + ":halo",
          lower_halo_clear(*layouts[buffer], with_gaps, program.isa, program.batch), {buffer}));
    }
    steps.push_back(std::move(step));
  }
  program.steps = std::move(steps);
}

std::vector<std::optional<Lifetime>> lifetimes(const Program& program, const Network& network) {
  std::vector<std::optional<Lifetime>> result(program.buffers.size());
  for (uint64_t step = 0; step < program.steps.size(); ++step) {
    for (const uint32_t buffer : program.steps[step].buffers) {
      if (!may_share(program.buffers[buffer])) continue;
      if (!result[buffer]) result[buffer] = Lifetime{program.buffers[buffer].bytes, step, step};
      result[buffer]->last = step;
    }
  }
  for (const int output : network.outputs) {
    auto& lifetime = result[program.outputs[static_cast<size_t>(output)].buffer];
    if (lifetime) lifetime->last = program.steps.size();
  }
  return result;
}

}  // namespace

MemoryPlan share_memory(Program& program, const Network& network) {
  clear_surroundings(program, network);
  const auto lives = lifetimes(program, network);
  std::vector<Lifetime> sharing;
  uint64_t next = kArenaAddress;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    if (lives[i]) {
      sharing.push_back(*lives[i]);
      continue;
    }
    program.buffers[i].address = next;
    next += whole_lines(program.buffers[i].bytes);
  }
  MemoryPlan plan = plan_memory(sharing);
  size_t shared = 0;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    if (lives[i]) program.buffers[i].address = next + plan.offsets[shared++];
  }
  return plan;
}

}  // namespace wattgrind
