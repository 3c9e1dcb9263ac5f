// What a network's layers did, row by row, before any price.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/counts/counts.h"
#include "estimator/network/network.h"

namespace wattgrind {

// Where counts come from, as results say it.
struct CountOrigin {
  std::string source;                  // "cachegrind", "simulate", "trace"
  std::optional<std::string> version;  // of the tool that counted
  std::vector<std::string> commands;   // as they would be typed, files by their base names
  Isa isa = Isa::kAvx2;                // the kernels'; may be narrower than the machine's
  std::vector<std::string> notes;      // what the counts approximate
};

// What a layer did to one of its buffers.
struct TensorCounts {
  std::string tensor;  // "input", "weights", ...; "elsewhere": other layers' lines that it evicted
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
  std::string kind;  // "conv2d", ...; "runtime" for start-up code that belongs to no layer
  std::optional<FeatureShape> output_shape;  // of one image
  OperationCounts operations;                // of the whole batch
  uint64_t parameters = 0;
  EventCounts counts;
  std::vector<TensorCounts> tensors;  // adding up to `counts`; none where the source can't tell
  std::vector<PassCounts> passes;     // of training, in the order they run, adding up to `counts`
};

struct NetworkCounts {
  std::string network;
  int64_t batch = 1;
  uint64_t images = 1;  // that went through the network: the batch, or a whole training's
  bool steady = false;  // the second of two passes; else one pass from empty caches
  CountOrigin origin;
  std::vector<CountedRow> rows;  // the layers in order; `runtime` last, where there is one
};

// Adds each tensor's counts to those of the same name.
void add_tensors(const std::vector<TensorCounts>& tensors, std::vector<TensorCounts>& sums);

// All rows added up: counts, operations, parameters and passes. Its name is "total".
CountedRow total(const std::vector<CountedRow>& rows);

}  // namespace wattgrind
