// A network's outputs computed natively from files, and held to a framework's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/catalog/network_source.h"
#include "kernels/program/engine_plan.h"

namespace wattgrind {

// What is asked for, in the words of the command line (`wattgrind run --help`).
struct RunRequest {
  std::string network, keep_folder, weights;
  std::vector<std::string> inputs, checks;
  std::optional<int64_t> batch;
  double relative = 1e-3, absolute = 1e-5;  // how far a checked value may be off
  DimensionSizes dimensions;
  std::optional<Plan> plan;  // absent: fused, or of layers where their maps are kept
  std::string algorithm;     // words of algorithm_request(); empty: the instruction set's choice
};

// What stands behind --check, held to the output.
struct CheckedOutput {
  std::string output, source;
  double largest_error = 0;  // absolute
  double relative = 0;       // of the largest value wanted
  size_t place = 0;
  float found = 0, wanted = 0;
  size_t outside = 0, values = 0;
};

struct RunResult {
  std::string network;
  int64_t batch = 1;
  std::vector<PlacedTensor> outputs;
  std::vector<std::vector<float>> values;  // by output, in the tensor's order
  std::vector<CheckedOutput> comparisons;
};

// Throws Error for files that cannot be read or do not fit the network; an output that differs from
// what it is held to is a result.
RunResult run_network(const RunRequest& request);

}  // namespace wattgrind
