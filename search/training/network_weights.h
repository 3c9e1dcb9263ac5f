// A network's parameters as named tensors: "conv1.weight", "conv1.bias", as PyTorch names and
// shapes them.
#pragma once

#include <string_view>
#include <vector>

#include "search/training/initializer.h"
#include "search/training/safetensors.h"

namespace wattgrind {

// Names the parameters of each layer, which come in the order of Trainer::parameters().
std::vector<Tensor> to_tensors(const Network& network,
                               const std::vector<LayerParameters>& parameters);

// The reverse: the parameters of each layer. Throws Error(kInput), begun by `where`, unless the
// tensors are exactly the network's, each with its shape and of finite values.
std::vector<LayerParameters> from_tensors(const Network& network, std::vector<Tensor> tensors,
                                          std::string_view where);

}  // namespace wattgrind
