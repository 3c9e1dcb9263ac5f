// Which part of a network's data is zero, layer by layer:
//
//   {"schema": "wattgrind/sparsity/1", "network": "alexnet",
//    "layers": {"conv1": {"ifmap": 0.0001, "weights": 0, "ofmap": 0.51}, ...}}
//
// as configs/schemas/sparsity.json describes it. Layers and members may be left out.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "estimator/dataflow/dataflow_task.h"

namespace wattgrind {

struct Sparsity {
  std::string network;
  std::map<std::string, ZeroShares> layers;
};

// Throws Error(kInput), naming `where` and the key.
Sparsity read_sparsity(std::string_view text, std::string_view where);

// Throws Error(kInput) where the file is of another network, or names a layer that the network does
// not have or no dataflow maps.
void set_zeros(const Sparsity& sparsity, std::string_view where, DataflowTasks& tasks);

}  // namespace wattgrind
