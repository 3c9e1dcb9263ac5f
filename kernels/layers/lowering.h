// Lowering of layers to loop nests: one file an operation.
//
// A nest's buffers are named by what they hold ("input", "weights", "bias", "output", "scratch";
// "map" where a layer works in place); kernels/program/program.h gives them addresses.
#pragma once

#include "estimator/network/network.h"
#include "kernels/conv/conv_algorithm.h"
#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// A convolution that is not depthwise, by the algorithm that choose_forward_algorithm() takes for
// its problem (kernels/conv/forward_algorithms.h), or by one that is given and applies to it. The
// input's halo covers the padding. Weights are packed [group][block][row][column][channel][lane]
// (kernels/layout/packing.h).
LoopNest lower_conv2d(const Conv2d& conv, const LayerContext& context);
LoopNest lower_conv2d(const Conv2d& conv, const LayerContext& context, ConvAlgorithm algorithm);
ConvProblem conv2d_problem(const Conv2d& conv, const LayerContext& context);

// A convolution whose groups are single channels and that keeps their number: vectors run across
// channels. Weights are packed [row][column][channel].
LoopNest lower_depthwise_conv2d(const Conv2d& conv, const LayerContext& context);

// A product with the batch as M, blocks of units as N and the input's values, in the order they
// lie in memory, as K, by an algorithm as for a convolution. Weights are packed
// [block][row][column][channel][lane].
LoopNest lower_dense(const Dense& dense, const LayerContext& context);
LoopNest lower_dense(const Dense& dense, const LayerContext& context, ConvAlgorithm algorithm);
ConvProblem dense_problem(const Dense& dense, const LayerContext& context);

LoopNest lower_max_pool2d(const MaxPool2d& pool, const LayerContext& context);
LoopNest lower_avg_pool2d(const AvgPool2d& pool, const LayerContext& context);
LoopNest lower_global_avg_pool2d(const LayerContext& context);

// y = max(x, 0), in place where `in_place`: one buffer, "map".
LoopNest lower_relu(const LayerContext& context, bool in_place);

// Squares pass through a scratch row of one pixel's channels with zeros around it.
LoopNest lower_lrn(const Lrn& lrn, const LayerContext& context);

// Over all values of an image, in place where `in_place`. The exponential is a polynomial.
LoopNest lower_softmax(const LayerContext& context, bool in_place);

// Training's dropout: y = x * mask. The mask ("mask") has the output's layout and is filled
// outside: 0, or 1 / (1 - rate) with the probability 1 - rate.
LoopNest lower_dropout(const LayerContext& context);

// Copies a map to a plain vector in (channel, row, column) order.
LoopNest lower_flatten(const LayerContext& context);

// The halo a convolution reads of its input.
Halo required_halo(const Conv2d& conv, const FeatureShape& input, const FeatureShape& output);

}  // namespace wattgrind
