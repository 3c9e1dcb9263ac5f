#include "kernels/program/engine_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "estimator/base/error.h"
#include "kernels/layout/arena.h"
#include "kernels/program/shared_memory.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"layers", "fused"};

// Every layer that the request names has a kernel of its own, and what it asks of all of them
// applies to one.
void check_request(const AlgorithmRequest& request, const Network& network,
                   const PlannedInference& planned) {
  for (const auto& [wanted, wish] : request.layers) {
    const auto layer = std::ranges::find(network.layers, wanted, &Layer::name);
    if (layer == network.layers.end()) {
      fail(ErrorKind::kUsage, "network {} has no layer \"{}\"", network.name, wanted);
    }
    const auto index = static_cast<int>(layer - network.layers.begin());
    const auto holder = std::ranges::find_if(planned.parts, [&](const std::vector<int>& parts) {
      return std::ranges::find(parts, index) != parts.end();
    });
    if (holder != planned.parts.end() && holder->front() != index) {
      fail(ErrorKind::kUsage, "layer \"{}\" is computed by the kernel of \"{}\"", wanted,
           network.layers[static_cast<size_t>(holder->front())].name);
    }
  }
  if (request.everywhere.empty()) return;
  const bool is_taken = std::ranges::any_of(planned.program.steps, [&](const Step& step) {
    return step.choice && std::ranges::find(request.everywhere, step.choice->algorithm) !=
                              request.everywhere.end();
  });
  if (!is_taken) {
    fail(ErrorKind::kUsage, "{} applies to no layer of network {}",
         name(request.everywhere.front()), network.name);
  }
}

// Not what stays from pass to pass, nor what a batch brings.
bool is_made_by_kernels(BufferKind kind) {
  return kind == BufferKind::kMap || kind == BufferKind::kScratch || kind == BufferKind::kMask ||
         kind == BufferKind::kGradient;
}

}  // namespace

std::string_view name(Plan plan) { return kNames[static_cast<size_t>(plan)]; }

PlannedInference plan_inference(const Network& network, const PlanRequest& request, Isa isa,
                                int64_t batch) {
  PlannedInference result;
  if (request.plan == Plan::kLayers) {
    result.network = network;
    for (size_t i = 0; i < network.layers.size(); ++i)
      result.parts.push_back({static_cast<int>(i)});
    result.program = lower_network(network, isa, batch, Phase::kInference, request.algorithms);
    check_request(request.algorithms, network, result);
    return result;
  }
  FusedNetwork fused = fuse_layers(network, isa, batch);
  result.network = std::move(fused.network);
  result.parts = std::move(fused.parts);
  result.program = lower_network(result.network, isa, batch, Phase::kInference, request.algorithms,
                                 Joining::kInPlace);
  check_request(request.algorithms, network, result);
  result.memory = share_memory(result.program, result.network);
  return result;
}

ProgramBytes program_bytes(const PlannedInference& inference) {
  ProgramBytes use;
  for (const ProgramBuffer& buffer : inference.program.buffers) {
    if (buffer.shares || buffer.slice) continue;
    switch (buffer.kind) {
      case BufferKind::kInput:
        use.inputs += buffer.bytes;
        break;
      case BufferKind::kWeights:
      case BufferKind::kBias:
      case BufferKind::kScales:
      case BufferKind::kStatistics:
        use.parameters += buffer.bytes;
        break;
      case BufferKind::kScratch:
        use.scratch += buffer.bytes;
        break;
      default:
        use.maps += buffer.bytes;
    }
  }
  use.maps += inference.memory.bytes;
  return use;
}

std::vector<MapPlace> map_places(const Program& program) {
  std::vector<std::optional<MapPlace>> places(program.buffers.size());
  for (uint64_t step = 0; step < program.steps.size(); ++step) {
    for (const uint32_t index : program.steps[step].buffers) {
      const ProgramBuffer& buffer = program.buffers[index];
      if (!is_made_by_kernels(buffer.kind)) continue;
      if (!places[index]) {
        places[index] = {buffer.name, buffer.address - kArenaAddress, buffer.bytes, step, step};
      }
      places[index]->last = step;
    }
  }
  std::vector<MapPlace> used;
  for (auto& place : places) {
    if (place) used.push_back(std::move(*place));
  }
  return used;
}

std::string to_text(const PlannedInference& inference) {
  const Program& program = inference.program;
  std::string text = fmt::format("plan of {}, batch {}, {} kernels\n\nkernels\n",
                                 inference.network.name, program.batch, traits(program.isa).name);
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    text += fmt::format("{:4} {}", i, step.symbol);
    if (step.choice) text += ": " + to_text(*step.choice);
    text += "\n";
  }
  text += "\nmaps: offset, bytes, name, kernels that use them\n";
  for (const MapPlace& place : map_places(inference.program)) {
    text += fmt::format("{:>12} {:>10} {}: {}", place.offset, place.bytes, place.name, place.first);
    if (place.last != place.first) text += fmt::format(" to {}", place.last);
    text += "\n";
  }
  const ProgramBytes use = program_bytes(inference);
  text += fmt::format("\nbytes: parameters {}, inputs {}, maps {}, scratch {}\n", use.parameters,
                      use.inputs, use.maps, use.scratch);
  if (inference.memory.bytes > 0) {
    text += fmt::format("maps share memory: {} are alive at once\n", inference.memory.lower_bound);
  }
  return text;
}

}  // namespace wattgrind
