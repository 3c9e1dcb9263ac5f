#include "kernels/program/shared_memory.h"

#include <algorithm>
#include <optional>
#include <set>

#include "kernels/layout/arena.h"
#include "kernels/parts/byte_values.h"
#include "kernels/parts/halo_clear.h"

namespace wattgrind {
namespace {

bool may_share(const ProgramBuffer& buffer) { return buffer.kind == BufferKind::kMap; }

// The buffers of which a kernel reads whole images, with what follows their values.
std::set<uint32_t> read_with_gaps(const Program& program) {
  std::set<uint32_t> buffers;
  for (const Step& step : program.steps) {
    if (step.choice && step.choice->algorithm == ConvAlgorithm::kDots) {
      buffers.insert(step.buffers.begin(), step.buffers.end());
    }
  }
  return buffers;
}

// Products of register tiles write all channels of their vectors, zeros where the weights are zero.
bool writes_padding(const Step& step, const Operation& operation) {
  const bool is_product =
      std::holds_alternative<Conv2d>(operation) || std::holds_alternative<Dense>(operation);
  return is_product && (!step.choice || step.choice->algorithm == ConvAlgorithm::kDirect);
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
  const std::set<uint32_t> with_gaps = read_with_gaps(program);
  std::set<uint32_t> seen;
  std::vector<Step> steps;
  for (Step& step : program.steps) {
    for (const uint32_t buffer : step.buffers) {
      if (!layouts[buffer] || !seen.insert(buffer).second) continue;
      if (!may_share(program.buffers[buffer])) continue;
      const Operation& writer = network.layers[static_cast<size_t>(step.layer)].operation;
      MapSurroundings wanted{!writes_padding(step, writer), with_gaps.contains(buffer)};
      if (const auto bytes = network.layers[static_cast<size_t>(step.layer)].output_bytes()) {
        wanted = {false, false, stored_zero_point(program.isa, bytes->zero_point)};
      }
      if (!has_surroundings(*layouts[buffer], wanted)) continue;
      steps.push_back(make_step(
          step.layer, step.symbol + ":halo",
          lower_halo_clear(*layouts[buffer], wanted, program.isa, program.batch), {buffer}));
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
