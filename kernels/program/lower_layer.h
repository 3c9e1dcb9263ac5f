// The lowering of one layer: which kernel an operation's way forward and way back become.
#pragma once

#include <optional>

#include "estimator/network/network.h"
#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"
#include "kernels/program/map_plan.h"

namespace wattgrind {

// Forward. The storage is no view: views have no kernel.
LoopNest lower_forward(const Layer& layer, const LayerContext& context);

// The gradient by the layer's input `context.input_index`.
LoopNest lower_data_gradient(const Layer& layer, const BackwardContext& context);

// The gradient by the layer's weights and biases; absent for a layer without parameters.
std::optional<LoopNest> lower_weight_gradient(const Layer& layer, const BackwardContext& context);

// Multiply-accumulates that the layer's kernel adds by padding channels, for the whole batch.
uint64_t padding_macs(const Layer& layer, Isa isa, int64_t batch);

}  // namespace wattgrind
