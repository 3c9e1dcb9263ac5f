// A network lowered for an instruction set and a batch: the kernels in the order they run, and
// the buffers they work on at fixed addresses of one arena.
//
// From a program come the executable for cachegrind, the access programs for the simulator, and
// native runs: all of the same kernels on the same addresses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cachesim/program/access_program.h"
#include "estimator/network/network.h"
#include "kernels/conv/conv_algorithm.h"
#include "kernels/layout/arena.h"
#include "kernels/layout/map_layout.h"
#include "kernels/nest/nest.h"
#include "kernels/program/map_plan.h"

namespace wattgrind {

enum class BufferKind {
  kInput,
  kWeights,
  kBias,
  kMap,
  kScratch,
  kMask,      // of a dropout layer that trains
  kGradient,  // of a map or of parameters
  kState,     // an optimiser's
  kBatch,     // what a training step is told and tells: images, labels, step size, loss
};

struct ProgramBuffer {
  std::string name;  // "input", "conv1.weights", "conv1.output", ...
  BufferKind kind = BufferKind::kMap;
  int layer = kNetworkInput;  // whose it is
  uint64_t address = 0;
  uint64_t bytes = 0;
};

// One kernel of one layer. Layers that do nothing (dropout at inference, most flattens) have none.
struct Step {
  int layer = 0;
  std::string symbol;  // unique; the function's name in executables: "conv1", "fc6"
  LoopNest nest;
  std::vector<uint32_t> buffers;  // of the program, in the order of the nest's
  ReferenceCounts references;     // that the nest makes
  uint64_t padding_macs = 0;      // that the kernel adds by padding channels, for the whole batch
  std::optional<AlgorithmChoice> choice;  // where there was one
};

// A step with its references counted.
Step make_step(int layer, std::string symbol, LoopNest nest, std::vector<uint32_t> buffers);

// The map a layer's output lies in: its own buffer, or that of the layer it passes through.
struct OutputMap {
  uint32_t buffer = 0;
  MapLayout layout;
};

struct Program {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  MapPlan maps;
  std::vector<ProgramBuffer> buffers;  // ascending, disjoint, each starting on a line
  std::vector<Step> steps;
  OutputMap input;
  std::vector<OutputMap> outputs;  // by layer

  uint64_t arena_bytes() const;
  std::vector<uint64_t> addresses(const Step& step) const;
  AccessProgram access_program(const Step& step) const;
};

// The network's forward pass. Throws Error(kInput) when the arena would be larger than
// kLargestArenaBytes.
Program lower_network(const Network& network, Isa isa, int64_t batch,
                      Phase phase = Phase::kInference);

// Appends a buffer to a program, behind its others; `owner` is a layer or kNetworkInput. Throws
// Error(kInput), begun by `network`, when the arena would become too large.
uint32_t add_buffer(Program& program, std::string_view network, ProgramBuffer buffer);

// Every buffer with its place, and every step with its algorithm, a line each: what golden tests
// compare, and people read.
std::string buffers_text(const Program& program);
std::string steps_text(const Program& program);

}  // namespace wattgrind
