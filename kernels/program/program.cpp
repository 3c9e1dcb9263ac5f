#include "kernels/program/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "estimator/base/error.h"
#include "kernels/layout/arena.h"
#include "kernels/nest/nest_access.h"
#include "kernels/nest/opcodes.h"
#include "kernels/program/lower_layer.h"

namespace wattgrind {
namespace {

// Puts the kernels of a planned network together and adds a buffer for each operand that has none
// yet.
class ProgramBuilder {
 public:
  ProgramBuilder(const Network& network, MapPlan plan, const AlgorithmRequest& algorithms,
                 bool prefetches_weights)
      : network_(network), algorithms_(algorithms) {
    program_.prefetches_weights = prefetches_weights;
    program_.isa = plan.isa;
    program_.batch = plan.batch;
    program_.maps = std::move(plan);
  }

  Program build() && {
    for (size_t i = 0; i < network_.inputs.size(); ++i) {
      const MapLayout& layout = program_.maps.inputs[i].layout;
      program_.inputs.push_back(
          {add(network_.inputs[i].name, BufferKind::kInput, network_input(i),
               layout.bytes(program_.batch) + reach_of_views(network_input(i))),
           layout});
    }
    for (size_t i = 0; i < network_.layers.size(); ++i) add_layer(static_cast<int>(i));
    return std::move(program_);
  }

 private:
  uint32_t add(std::string name, BufferKind kind, int owner, uint64_t bytes) {
    return add_buffer(program_, network_.name,
                      {std::move(name), kind, owner, 0, bytes, false, std::nullopt});
  }

  void add_layer(int index) {
    const Layer& self = network_.layers[static_cast<size_t>(index)];
    const PlannedMap& planned = program_.maps.map(index);
    OutputMap output{program_.map(self.input()).buffer, planned.layout};
    if (planned.storage == Storage::kView &&
        planned.first_channel != program_.maps.map(self.input()).first_channel) {
      output.buffer = channels_buffer(index);
    } else if (is_joined_in_place(index)) {
      output.buffer = whole_buffer(index);
    } else if (planned.storage != Storage::kView) {
      LayerContext context{program_.isa,
                           program_.batch,
                           {},
                           planned.layout,
                           planned.storage == Storage::kInPlace,
                           program_.maps.phase == Phase::kTraining};
      context.fused = self.fused;
      context.prefetches_weights = program_.prefetches_weights;
      context.int8 = self.int8;
      context.input_bytes = self.input_bytes;
      for (const int input : self.inputs) {
        context.inputs.push_back(program_.map(input).layout);
        context.is_in_output.push_back(is_slice_of(input, index));
      }
      LoweredLayer lowered = lower_forward(self, context, algorithms_);
      std::vector<uint32_t> buffers;
      for (const Buffer& buffer : lowered.nest.buffers) {
        buffers.push_back(place(index, buffer));
        if (buffer.operand == Operand::kOutput) output.buffer = buffers.back();
      }
      program_.steps.push_back(
          make_step(index, self.name, std::move(lowered.nest), std::move(buffers)));
      program_.steps.back().choice = std::move(lowered.choice);
      program_.steps.back().padding_macs = padding_macs(self, program_.isa, program_.batch);
    }
    program_.outputs.push_back(output);
  }

  // The program's buffer for an operand of a layer's kernel: that of the input it reads, or a new
  // one.
  uint32_t place(int index, const Buffer& buffer) {
    const Layer& self = network_.layers[static_cast<size_t>(index)];
    if (buffer.operand == Operand::kInput || buffer.operand == Operand::kMap) {
      return program_.map(self.inputs[buffer.index]).buffer;
    }
    if (buffer.operand == Operand::kOutput) {
      if (program_.maps.map(index).storage == Storage::kSlice) return slice_buffer(index);
      if (whole_buffers_.contains(index)) return whole_buffers_.at(index);
    }
    const uint64_t reach = buffer.operand == Operand::kOutput ? reach_of_views(index) : 0;
    return add(fmt::format("{}.{}", self.name, buffer.name()), kind_of(buffer.operand), index,
               buffer.bytes + reach);
  }

  // How far views of a map's later channels, whose layouts are as long as the map's, end behind it.
  uint64_t reach_of_views(int owner) const {
    int64_t channels = 0;
    for (const PlannedMap& map : program_.maps.outputs) {
      if (map.owner == owner && map.storage == Storage::kView) {
        channels = std::max(channels, map.first_channel);
      }
    }
    return static_cast<uint64_t>(channels * kFloatBytes);
  }

  bool is_slice_of(int source, int concat) const {
    return !is_network_input(source) && program_.maps.map(source).storage == Storage::kSlice &&
           program_.maps.map(source).owner == concat;
  }

  // Whether the layer is a concatenation all of whose inputs lie where it wants them.
  bool is_joined_in_place(int index) const {
    const Layer& self = network_.layers[static_cast<size_t>(index)];
    return std::ranges::all_of(self.inputs, [&](int input) { return is_slice_of(input, index); });
  }

  // The buffer of a concatenation that has slices. The slices' own layouts end as far behind it as
  // they begin behind its first byte.
  uint32_t whole_buffer(int concat) {
    const auto known = whole_buffers_.find(concat);
    if (known != whole_buffers_.end()) return known->second;
    const MapLayout& layout = program_.maps.map(concat).layout;
    const std::string& name = network_.layers[static_cast<size_t>(concat)].name;
    const uint32_t buffer =
        add(name + ".output", BufferKind::kMap, concat,
            layout.bytes(program_.batch) + static_cast<uint64_t>(layout.channel_bytes()));
    return whole_buffers_[concat] = buffer;
  }

  uint32_t slice_buffer(int index) {
    const PlannedMap& planned = program_.maps.map(index);
    return add_slice(index, whole_buffer(planned.owner), planned.first_channel);
  }

  // The buffer of a view of some channels of a map, be that a slice itself.
  uint32_t channels_buffer(int index) {
    const int input = network_.layers[static_cast<size_t>(index)].input();
    return add_slice(
        index, program_.map(input).buffer,
        program_.maps.map(index).first_channel - program_.maps.map(input).first_channel);
  }

  uint32_t add_slice(int index, uint32_t of, int64_t first_channel) {
    ProgramBuffer slice = program_.buffers[of];
    const auto offset = static_cast<uint64_t>(first_channel * kFloatBytes);
    slice.slice = SliceOf{of, offset};
    if (const auto& outer = program_.buffers[of].slice) {
      slice.slice = SliceOf{outer->whole, outer->offset + offset};
    }
    slice.name = network_.layers[static_cast<size_t>(index)].name + ".output";
    slice.layer = index;
    slice.address += offset;
    slice.bytes -= offset;
    program_.buffers.push_back(std::move(slice));
    return static_cast<uint32_t>(program_.buffers.size() - 1);
  }

  static BufferKind kind_of(Operand operand) {
    switch (operand) {
      case Operand::kWeights:
        return BufferKind::kWeights;
      case Operand::kBias:
        return BufferKind::kBias;
      case Operand::kScales:
        return BufferKind::kScales;
      case Operand::kStatistics:
        return BufferKind::kStatistics;
      case Operand::kMask:
        return BufferKind::kMask;
      case Operand::kOutput:
        return BufferKind::kMap;
      default:
        return BufferKind::kScratch;
    }
  }

  const Network& network_;
  const AlgorithmRequest& algorithms_;
  std::map<int, uint32_t> whole_buffers_;  // by concatenation
  Program program_;
};

void add_operations(const std::vector<Statement>& body, uint64_t times,
                    NestOperations& operations) {
  for (const Statement& statement : body) {
    if (const auto* loop = std::get_if<Loop>(&statement.node)) {
      add_operations(loop->body, times * loop->trips, operations);
      continue;
    }
    const auto& instruction = std::get<Instruction>(statement.node);
    const OpcodeTraits& opcode = traits(instruction.opcode);
    if (opcode.is_memory || opcode.operands < 2) continue;
    const uint64_t done = times * static_cast<uint64_t>(instruction.lanes);
    (instruction.opcode == Opcode::kMulAdd ? operations.macs : operations.other) += done;
  }
}

}  // namespace

NestOperations operations_of(const Step& step) {
  NestOperations operations;
  add_operations(step.nest.body, 1, operations);
  return operations;
}

uint64_t Program::arena_bytes() const {
  uint64_t end = 0;
  for (const ProgramBuffer& buffer : buffers) {
    end = std::max(end, buffer.address + buffer.bytes - kArenaAddress);
  }
  return (end + kLineBytes - 1) / kLineBytes * kLineBytes;
}

std::vector<uint64_t> Program::addresses(const Step& step) const {
  std::vector<uint64_t> result;
  for (const uint32_t buffer : step.buffers) result.push_back(buffers[buffer].address);
  return result;
}

AccessProgram Program::access_program(const Step& step) const {
  return wattgrind::access_program(step.nest, step.symbol, addresses(step));
}

Step make_step(int layer, std::string symbol, LoopNest nest, std::vector<uint32_t> buffers) {
  Step step{layer, std::move(symbol), std::move(nest), std::move(buffers), {}, 0, {}};
  const std::vector<uint64_t> anywhere(step.nest.buffers.size(), kArenaAddress);
  step.references = count_references(access_program(step.nest, step.symbol, anywhere));
  return step;
}

Program lower_network(const Network& network, Isa isa, int64_t batch, Phase phase,
                      const AlgorithmRequest& algorithms, Joining joining) {
  // Kernels as engines have them come with maps as engines have them.
  const bool prefetches_weights = joining == Joining::kInPlace;
  return ProgramBuilder(network, plan_maps(network, isa, batch, phase, joining), algorithms,
                        prefetches_weights)
      .build();
}

WeightForm weight_form_of(const Program& program, int layer) {
  for (const Step& step : program.steps) {
    if (step.layer == layer && step.choice) return weight_form(step.choice->algorithm);
  }
  return WeightForm::kTaps;
}

uint32_t add_buffer(Program& program, std::string_view network, ProgramBuffer buffer) {
  const uint64_t used = program.arena_bytes();
  if (buffer.bytes > kLargestArenaBytes || used + buffer.bytes > kLargestArenaBytes) {
    fail(ErrorKind::kInput, "{}: {}: the network needs more than {} GiB", network, buffer.name,
         kLargestArenaBytes >> 30);
  }
  buffer.address = kArenaAddress + used;
  program.buffers.push_back(std::move(buffer));
  return static_cast<uint32_t>(program.buffers.size() - 1);
}

std::string buffers_text(const Program& program) {
  constexpr std::array<std::string_view, 11> kKinds = {"input",      "weights", "bias",    "scales",
                                                       "statistics", "map",     "scratch", "mask",
                                                       "gradient",   "state",   "batch"};
  std::string text;
  for (const ProgramBuffer& buffer : program.buffers) {
    text += fmt::format("{:#x} {} {}: {} bytes\n", buffer.address,
                        kKinds[static_cast<size_t>(buffer.kind)], buffer.name, buffer.bytes);
  }
  return text;
}

std::string steps_text(const Program& program) {
  std::string text;
  for (const Step& step : program.steps) {
    text += step.symbol;
    if (step.choice) text += ": " + to_text(*step.choice);
    text += "\n";
  }
  return text;
}

}  // namespace wattgrind
