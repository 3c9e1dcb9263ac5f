// Operations count the arithmetic of a network as written, layer by layer.
#pragma once

#include <cstdint>

#include "estimator/network/network.h"

namespace wattgrind {

// The operations besides multiply-accumulates that the inference of one image makes. For each
// output value, relu makes 1 (a comparison), pooling as many as its window has values inside the
// map, lrn 2 * size + 3 (squares, sum, scale, offset, power and product), and softmax 5 (a
// comparison, subtraction, exponential, addition and product). An activation makes what its
// function takes (unary_functions.h), where an elementary function counts as one operation; one of
// two operands makes 1, prelu 2. Batch normalisation makes 2, and 5 for each channel; other
// normalisation 6, or 8 with scale and shift, and 5 for each mean. Global
// average pooling makes one for each input value and a division for each output value; other
// reductions one for each input value and, for a mean, a division for each output value. Flatten,
// dropout, look-ups and layers that only move values make none; a product of maps makes
// multiply-accumulates alone.
uint64_t other_operations(const Layer& layer);

// Of these and of the multiply-accumulates, those on bytes, whose sums have 32 bits. What a layer
// on bytes does in single precision is told in byte_layers.h.
uint64_t byte_macs(const Layer& layer);
uint64_t other_byte_operations(const Layer& layer);

// The operations besides multiply-accumulates that one image's way back makes. A layer with
// multiply-accumulates adds up the gradient of its bias, with one addition for each output value;
// it also makes as many multiply-accumulates again for each gradient that it computes, which are
// not counted here. Softmax of a vector is taken as the last layer: with cross-entropy it makes a
// subtraction for each value, and the logarithm and the sign of the loss. Other softmax layers make
// 4 (a product, an addition, a subtraction and a product) for each value. Dropout makes a product
// for each value, batch normalisation 8 and 10 for each channel, an activation what its table says,
// two operands and normalisation twice what they made forward. Layers that only move values make an
// addition for each output value where they repeat values, and padding one for each value that it
// repeats. Every other layer undoes what it did, with one operation for each that it made.
uint64_t other_backward_operations(const Layer& layer);

// The operations that one image's way forward makes only in training: dropout makes a product for
// each value, batch normalisation 4, and 8 for each channel.
uint64_t other_training_operations(const Layer& layer);

}  // namespace wattgrind
