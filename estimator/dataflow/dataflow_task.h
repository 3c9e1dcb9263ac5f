// The layers that a dataflow estimate is made of: of a network, or of a file that knows no network.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "estimator/dataflow/layer_problem.h"
#include "estimator/network/network.h"

namespace wattgrind {

// The parts of a layer's data that are zero; absent: not known, and taken as none.
struct ZeroShares {
  std::optional<double> ifmap, weights, ofmap;
};

// The input map as it lies in memory, and what stands around it.
struct PaddedInput {
  uint64_t rows = 1, columns = 1;
  uint64_t top = 0, bottom = 0, left = 0, right = 0;
};

struct DataflowTask {
  std::string name;
  std::string kind;                     // "conv2d"
  std::optional<LayerProblem> problem;  // absent: no dataflow maps it
  bool reads_network_input = false;
  ZeroShares zeros;
  std::optional<std::array<double, kDataKinds>> bits;  // absent: the accelerator's own
  PaddedInput input;
};

struct DataflowTasks {
  std::string network;
  int64_t images = 1;
  std::vector<DataflowTask> layers;
};

// Every layer of the network, in order. Throws Error(kInput) where one is too large.
DataflowTasks tasks_of(const Network& network, int64_t images);

}  // namespace wattgrind
