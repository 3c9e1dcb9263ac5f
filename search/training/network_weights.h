// A network's parameters as named tensors: "conv1.weight", "conv1.bias", as PyTorch names and
// shapes them.
#pragma once

#include <string_view>
#include <vector>

#include "search/training/initializer.h"
#include "search/training/safetensors.h"

namespace wattgrind {

// `parameters` by layer, as Trainer has them.
std::vector<Tensor> to_tensors(const Network& network,
                               const std::vector<LayerParameters>& parameters);

// By layer. Throws Error(kInput), begun by `where`, unless the tensors are the network's: none
// missing, none besides, each of its shape and of finite values.
std::vector<LayerParameters> from_tensors(const Network& network, std::vector<Tensor> tensors,
                                          std::string_view where);

}  // namespace wattgrind
