// The work of layers that have weights and a bias for each output channel.
#pragma once

#include <initializer_list>

#include "estimator/network/layer_kind.h"

namespace wattgrind {

// Weights of the sizes `weight_shape`, each used at `positions` positions, and `biases` biases.
// Throws through `place` where a count overflows 64 bits.
LayerWork parametric_work(std::initializer_list<int64_t> weight_shape, int64_t biases,
                          int64_t positions, const LayerPlace& place);

// On the way back such a layer adds up the gradient of its bias: one addition an output value. The
// rest are multiply-accumulates, as many again for each gradient it makes.
OtherOperations bias_operations(const Layer& layer);

}  // namespace wattgrind
