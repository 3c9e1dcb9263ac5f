// Arithmetic of the network as written, layer by layer.
#pragma once

#include <cstdint>

#include "estimator/network/network.h"

namespace wattgrind {

// Operations of one image's inference besides multiply-accumulates. Counted an output value:
// relu 1 (a comparison); pooling one a window value inside the map; global average one a value and
// one division; lrn 2 * size + 3 (squares, sum, scale, offset, power, product); softmax one value's
// comparison, subtraction, exponential, addition and product: 5. Flatten and dropout do nothing.
uint64_t other_operations(const Layer& layer);

// The same of one image's way back. Layers with multiply-accumulates have as many again for each
// gradient they make, and add up the gradient of their bias: one addition an output value. Softmax
// with cross-entropy: a subtraction a value, and logarithm and sign of the loss. Dropout: a product
// a value. All others undo what they did, one operation each.
uint64_t other_backward_operations(const Layer& layer);

// Operations of one image that only training has on the way forward: dropout's product a value.
uint64_t other_training_operations(const Layer& layer);

}  // namespace wattgrind
