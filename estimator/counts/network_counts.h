// The counts of a network: a row for each layer, before any price. A row called `runtime` may come
// last: it holds what start-up code did, which belongs to no layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/counts/counts.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Where counts come from, in the words of results.
struct CountOrigin {
  std::string source;                  // "cachegrind", "simulate", "trace"
  std::optional<std::string> version;  // of the tool that counted
  std::vector<std::string> commands;   // as a user would type them, with files by their base names
  Isa isa = Isa::kAvx2;                // of the kernels; it may be narrower than the machine's
  // Whether the core that core_cycles are of executes instructions out of their order.
  std::optional<bool> reorders_instructions;
  std::vector<std::string> notes;  // what the counts approximate
};

// What a layer did to one of its buffers.
struct TensorCounts {
  // "input", "weights", ...; "elsewhere" are lines of other layers that it evicted.
  std::string tensor;
  EventCounts counts;
};

// A layer's part of one pass of a training step.
struct PassCounts {
  std::string pass;            // "input", "forward", "backward", "update"
  OperationCounts operations;  // of the whole batch
  EventCounts counts;
};

struct CountedRow {
  std::string name;
  // The layers that one kernel computes together, the first of them first; empty: one alone.
  std::vector<std::string> parts = {};
  std::string kind;                          // "conv2d", ..., or "runtime"
  std::optional<FeatureShape> output_shape;  // of one image
  OperationCounts operations;                // of the whole batch
  uint64_t parameters = 0;
  EventCounts counts;
  std::vector<TensorCounts> tensors;  // they add up to `counts`; empty where the source cannot tell
  std::vector<PassCounts> passes;     // of training, as they run; they add up to `counts`
};

// The memory that an inference needs, in bytes.
struct MemoryBytes {
  uint64_t parameters = 0;
  uint64_t inputs = 0;
  uint64_t maps = 0;  // together, where they share memory
  uint64_t scratch = 0;

  uint64_t total() const { return parameters + inputs + maps + scratch; }
};

struct NetworkCounts {
  std::string network;
  std::string plan = {};                   // of an inference, how it is put together: "fused"
  std::optional<MemoryBytes> memory = {};  // of an inference
  int64_t batch = 1;
  uint64_t images = 1;  // that went through the network, in a batch or a whole training
  bool steady = false;  // true: the second of two passes; false: one pass from empty caches
  CountOrigin origin;
  std::vector<CountedRow> rows;  // the layers in order; `runtime` last, where there is one
};

// Adds each tensor's counts to those of the same name.
void add_tensors(const std::vector<TensorCounts>& tensors, std::vector<TensorCounts>& sums);

// Adds up the counts, operations, parameters and passes of all rows. The sum is called "total".
CountedRow total(const std::vector<CountedRow>& rows);

}  // namespace wattgrind
