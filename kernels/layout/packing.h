// Where a layer's weights lie in the packed buffer its kernel reads.
//
// Logical weights are as frameworks hold them: convolution [filters][channels / groups][rows]
// [columns] (OIHW), dense [units][values] with values in (channel, row, column) order of the map
// that was flattened. Packed values that belong to no weight are zero.
#pragma once

#include <span>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {

// `input` is the layout the layer reads. Sizes must be the layer's weights' and its nest's buffer.
void pack_weights(const Layer& layer, const MapLayout& input, Isa isa,
                  std::span<const float> logical, std::span<float> packed);
void unpack_weights(const Layer& layer, const MapLayout& input, Isa isa,
                    std::span<const float> packed, std::span<float> logical);

// Biases [filters] or [units]: in their own order, zeros behind them.
void pack_bias(const Layer& layer, std::span<const float> logical, std::span<float> packed);

}  // namespace wattgrind
