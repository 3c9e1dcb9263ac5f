// Arithmetic of the network as written, layer by layer.
#pragma once

#include "estimator/counts.h"
#include "estimator/network.h"

namespace wattgrind {

// Operations of one image's inference besides multiply-accumulates. Counted an output value:
// relu 1 (a comparison); pooling one a window value inside the map; global average one a value and
// one division; lrn 2 * size + 3 (squares, sum, scale, offset, power, product); softmax one value's
// comparison, subtraction, exponential, addition and product: 5. Flatten and dropout do nothing.
uint64_t other_operations(const Layer& layer);

}  // namespace wattgrind
