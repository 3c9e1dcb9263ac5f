// The way forward of convolutions and dense layers on bytes, direct: register tiles of pixels or
// images and output channels, whose sums have 32 bits; four bytes of input meet four weights of
// each channel at once.
#pragma once

#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// Buffers: kInput, kWeights, kBias (32-bit integers) and kScales packed as
// kernels/layout/byte_reduction.h says, kOutput, and the maps of fused sums. The layer is no
// depthwise convolution.
LoopNest lower_byte_product(const Layer& layer, const LayerContext& context);

}  // namespace wattgrind
