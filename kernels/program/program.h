// A network lowered for an instruction set and a batch: the kernels in the order they run, and
// the buffers they work on at fixed addresses of one arena.
//
// From a program come the executable for cachegrind, the access programs for the simulator, and
// native runs: all are of the same kernels on the same addresses.
//
//   arena        | input | conv1.weights | conv1.bias | conv1.output | fc2.weights | ...
//   step conv1      read       read            read        written
//   step fc2                                                 read         read       ...
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
#include "kernels/program/algorithm_request.h"
#include "kernels/program/map_plan.h"

namespace wattgrind {

enum class BufferKind {
  kInput,
  kWeights,
  kBias,
  kScales,  // of a layer on bytes
  kStatistics,
  kMap,
  kScratch,
  kMask,      // the factors of a dropout layer, in training
  kGradient,  // the gradient by a map or by parameters
  kState,     // what an optimiser remembers of earlier steps
  kBatch,     // what a training step is told and tells: images, labels, step size, loss
};

// The buffer that a slice lies in, and how far its first byte is from that buffer's.
struct SliceOf {
  uint32_t whole = 0;
  uint64_t offset = 0;
};

struct ProgramBuffer {
  std::string name;  // "input", "conv1.weights", "conv1.output", ...
  BufferKind kind = BufferKind::kMap;
  int layer = kNetworkInput;  // the layer it belongs to; below zero: to none
  uint64_t address = 0;
  uint64_t bytes = 0;
  bool shares = false;  // memory with others that are not alive at the same time
  std::optional<SliceOf> slice = std::nullopt;
};

// A step is one kernel of one layer. Layers that do nothing (dropout at inference, most flattens)
// have no step.
struct Step {
  int layer = 0;
  std::string symbol;  // unique; names the function in executables: "conv1", "fc6"
  LoopNest nest;
  std::vector<uint32_t> buffers;  // for each buffer of the nest, which of the program's it is
  ReferenceCounts references;     // how often the nest refers to memory
  uint64_t padding_macs = 0;      // as padding_macs() in lower_layer.h says
  std::optional<AlgorithmChoice> choice;  // absent where there was nothing to choose
};

// The operations of a step's instructions on registers, by lane: those of surplus lanes are among
// them.
struct NestOperations {
  uint64_t macs = 0;   // multiply-adds
  uint64_t other = 0;  // on two or more operands
};
NestOperations operations_of(const Step& step);

// Makes a step and counts its references.
Step make_step(int layer, std::string symbol, LoopNest nest, std::vector<uint32_t> buffers);

// Where a layer's output lies: in a buffer made for it, or in its first input's (map_plan.h).
struct OutputMap {
  uint32_t buffer = 0;
  MapLayout layout;
};

struct Program {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  MapPlan maps;
  // Each starts on a line but for slices, which lie in others. Those are disjoint, but where maps
  // share memory (shared_memory.h).
  std::vector<ProgramBuffer> buffers;
  std::vector<Step> steps;
  std::vector<OutputMap> inputs;    // by input of the network
  std::vector<OutputMap> outputs;   // by layer
  bool prefetches_weights = false;  // its kernels do, as layer_context.h says

  // The first input; most networks have no other.
  const OutputMap& input() const { return inputs.front(); }
  // The map of what a layer reads there: an output or an input of the network.
  const OutputMap& map(int source) const {
    return is_network_input(source) ? inputs[input_number(source)]
                                    : outputs[static_cast<size_t>(source)];
  }
  uint64_t arena_bytes() const;
  std::vector<uint64_t> addresses(const Step& step) const;
  AccessProgram access_program(const Step& step) const;
};

// The network's forward pass. Throws Error(kInput) when the arena would be larger than
// kLargestArenaBytes, Error(kUsage) where an algorithm that was asked for does not apply.
Program lower_network(const Network& network, Isa isa, int64_t batch,
                      Phase phase = Phase::kInference, const AlgorithmRequest& algorithms = {},
                      Joining joining = Joining::kCopies);

// How the weights of a layer's kernel are packed.
WeightForm weight_form_of(const Program& program, int layer);

// Appends a buffer to a program behind its others, which decides its address, and returns its
// index. Throws Error(kInput), whose message begins with `network`, when the arena would become too
// large.
uint32_t add_buffer(Program& program, std::string_view network, ProgramBuffer buffer);

// The program as text for golden tests and for people: a line for each buffer with its place, and
// one for each step with its algorithm.
std::string buffers_text(const Program& program);
std::string steps_text(const Program& program);

}  // namespace wattgrind
