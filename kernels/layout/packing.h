// Where a layer's weights lie in the packed buffer its kernel reads.
//
// Logical weights are as frameworks hold them: those of a convolution are [filters]
// [channels / groups][rows][columns] (OIHW), those of a dense layer [units][values] with values in
// (channel, row, column) order of the map that was flattened. Packed weights are in column blocks
// (tiling.h), in the order in which the kernel reads them; packed values that belong to no weight
// are zero. A tensor of three
// extents, (channel, row, column), is packed as a map, (row, column, channel); weights of other
// layers keep their order.
#pragma once

#include <span>

#include "estimator/base/isa.h"
#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"
#include "kernels/layout/tile_form.h"

namespace wattgrind {

// `input` is the layout that the layer reads. `logical` must hold as many values as the layer has
// weights, `packed` as many as the weight buffer of its nest. `form` is that of its algorithm
// (weight_form() of kernels/conv/conv_algorithm.h); what is transformed cannot be unpacked.
void pack_weights(const Layer& layer, const MapLayout& input, Isa isa,
                  std::span<const float> logical, std::span<float> packed,
                  WeightForm form = WeightForm::kTaps);
void unpack_weights(const Layer& layer, const MapLayout& input, Isa isa,
                    std::span<const float> packed, std::span<float> logical);

// Biases, [filters] or [units], keep their order when packed; those of three extents are packed as
// a map. Zeros follow.
void pack_bias(const Layer& layer, std::span<const float> logical, std::span<float> packed);

}  // namespace wattgrind
