// The lowering of one layer: which kernels an operation's way forward and way back become, and by
// which algorithm.
#pragma once

#include <cstdint>
#include <optional>

#include "estimator/network/network.h"
#include "kernels/conv/conv_algorithm.h"
#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"
#include "kernels/program/algorithm_request.h"

namespace wattgrind {

struct LoweredLayer {
  LoopNest nest;
  std::optional<AlgorithmChoice> choice;  // made for convolutions and dense layers alone
};

// Convolutions by the algorithm that was asked for, if any was. Throws Error(kUsage) where that
// does not apply (algorithm_request.h).
LoweredLayer lower_forward(const Layer& layer, const LayerContext& context,
                           const AlgorithmRequest& algorithms = {});

// Lowers the gradient by the input of the layer that the context names.
LoweredLayer lower_data_gradient(const Layer& layer, const BackwardContext& context);

// Lowers the gradient by the layer's weights and biases; absent for a layer without parameters.
std::optional<LoweredLayer> lower_weight_gradient(const Layer& layer,
                                                  const BackwardContext& context);

// The multiply-accumulates that the layer's kernel makes for surplus lanes
// (kernels/layout/tiling.h), over the whole batch.
uint64_t padding_macs(const Layer& layer, Isa isa, int64_t batch);

}  // namespace wattgrind
