#include "kernels/program/shared_memory.h"

#include <algorithm>
#include <optional>
#include <set>

#include "kernels/layout/arena.h"
#include "kernels/layout/map_layout.h"
#include "kernels/parts/halo_clear.h"

namespace wattgrind {
namespace {

bool is_map(const ProgramBuffer& buffer) { return buffer.kind == BufferKind::kMap; }

// Maps, and scratch memory of which a kernel reads only what it has written.
std::vector<bool> sharing_buffers(const Program& program) {
  std::vector<bool> result(program.buffers.size());
  for (const Step& step : program.steps) {
    const bool fills = step.choice && fills_scratch(step.choice->algorithm);
    for (const uint32_t index : step.buffers) {
      const BufferKind kind = program.buffers[index].kind;
      if (kind == BufferKind::kMap || (fills && kind == BufferKind::kScratch)) result[index] = true;
    }
  }
  return result;
}

// The buffer itself, or the one that a slice lies in.
uint32_t whole_of(const Program& program, uint32_t buffer) {
  const auto& slice = program.buffers[buffer].slice;
  return slice ? slice->whole : buffer;
}

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
  if (!step.choice) return is_product;
  const ConvAlgorithm algorithm = step.choice->algorithm;
  return is_product && algorithm != ConvAlgorithm::kPlanar && algorithm != ConvAlgorithm::kDots;
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
      const uint32_t whole = whole_of(program, buffer);
      if (!layouts[whole] || !seen.insert(whole).second) continue;
      if (!is_map(program.buffers[whole])) continue;
      const Operation& writer = network.layers[static_cast<size_t>(step.layer)].operation;
      // Who writes a slice writes no padding of the whole.
      const bool is_padded = whole == buffer && writes_padding(step, writer);
      MapSurroundings wanted{!is_padded, with_gaps.contains(whole)};
      if (const auto bytes = network.layers[static_cast<size_t>(step.layer)].output_bytes()) {
        wanted = {false, false, stored_zero_point(program.isa, bytes->zero_point)};
      }
      if (!has_surroundings(*layouts[whole], wanted)) continue;
      steps.push_back(make_step(
          step.layer, step.symbol + ":halo",
          lower_halo_clear(*layouts[whole], wanted, program.isa, program.batch), {whole}));
    }
    steps.push_back(std::move(step));
  }
  program.steps = std::move(steps);
}

std::vector<std::optional<Lifetime>> lifetimes(const Program& program, const Network& network) {
  std::vector<std::optional<Lifetime>> result(program.buffers.size());
  const std::vector<bool> shares = sharing_buffers(program);
  for (uint64_t step = 0; step < program.steps.size(); ++step) {
    for (const uint32_t buffer : program.steps[step].buffers) {
      if (!shares[buffer]) continue;
      const uint32_t whole = whole_of(program, buffer);
      if (!result[whole]) result[whole] = Lifetime{program.buffers[whole].bytes, step, step};
      result[whole]->last = step;
    }
  }
  for (const int output : network.outputs) {
    auto& lifetime = result[whole_of(program, program.outputs[static_cast<size_t>(output)].buffer)];
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
    } else if (!program.buffers[i].slice) {
      program.buffers[i].address = next;
      next += whole_lines(program.buffers[i].bytes);
    }
  }
  MemoryPlan plan = plan_memory(sharing);
  size_t shared = 0;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    if (!lives[i]) continue;
    program.buffers[i].address = next + plan.offsets[shared++];
    program.buffers[i].shares = true;
  }
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const auto& slice = program.buffers[i].slice;
    if (!slice) continue;
    program.buffers[i].address = program.buffers[slice->whole].address + slice->offset;
    program.buffers[i].shares = program.buffers[slice->whole].shares;
  }
  return plan;
}

}  // namespace wattgrind
