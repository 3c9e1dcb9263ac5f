// Lowering of layers that compute on maps of bytes (estimator/network/byte_layers.h).
#pragma once

#include "estimator/network/network.h"
#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// Whether the layer's kernel is one of these.
bool computes_on_bytes(const Layer& layer);

// Conv2d, Dense: kernels/conv/byte_product.h, or as below.
// Pooling, relu, clip, sums, quantize and dequantize: vectors of a pixel's channels.
// Flatten and what makes a vector: copies to (channel, row, column) order, byte by byte.
// Concat: along the channels pixel by pixel, along the others row by row.
LoopNest lower_on_bytes(const Layer& layer, const LayerContext& context);

// A depthwise convolution: vectors run across channels, products of 16-bit integers. Weights are
// packed [row][column][channel].
LoopNest lower_byte_depthwise(const Conv2d& conv, const LayerContext& context);

LoopNest lower_byte_pool(const Window2d& window, bool is_max, bool counts_padding,
                         const LayerContext& context);
LoopNest lower_byte_global_pool(const LayerContext& context);

LoopNest lower_byte_flatten(const LayerContext& context);
LoopNest lower_byte_concat(const Concat& concat, const LayerContext& context);

// Relu, Clip, Quantize, Dequantize, and Binary of two maps.
LoopNest lower_byte_elementwise(const Operation& operation, const LayerContext& context);

}  // namespace wattgrind
