// Lowering of layers to loop nests: one file an operation.
//
// A nest's buffers are told apart by what they are to it (kernels/nest/operand.h): kInput,
// kWeights, kBias, kOutput and scratch; kMap where a layer works in place. Who puts a program
// together gives them addresses.
#pragma once

#include "estimator/network/network.h"
#include "kernels/conv/conv_algorithm.h"
#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// LoopNest lower(const Relu&, const LayerContext&), and the same of every other operation:
//
// Conv2d: a depthwise one as below; the others by the algorithm that choose_forward_algorithm()
// takes for its problem (kernels/conv/forward_algorithms.h). Pooling fused with it is done on
// strips of its map (kernels/conv/pooled_conv.h). The input's halo covers the padding. Weights are
// packed [group][block][row][column][channel][lane] (kernels/layout/packing.h). Dense: a product
// with the batch as M, blocks of units as N and the input's values, in the order they lie in
// memory, as K, by an algorithm as for a convolution. Weights are packed
// [block][row][column][channel][lane].
// Relu: y = max(x, 0), also in place.
// Activation: y = f(x), also in place; by polynomials, rational functions and square roots
// (kernels/parts/vector_math.h).
// Binary: also in place of the first input where the output has its shape. A constant (kWeights) is
// packed as a map without padding but for a vector of as many channels as the output, which has the
// output's pitch.
// BatchNorm: scale and offset of each channel pass through scratch. In training it measures the
// batch, updates kStatistics and leaves the means and inverse deviations in kMoments, which the way
// back reads.
// Normalization: part by part (kernels/parts/normalized_part.h), also in place; means and inverse
// deviations of a part pass through scratch. In training it leaves those of all parts in kMoments.
// Lrn: squares pass through a scratch row of one pixel's channels with zeros around it.
// Dropout, in training: y = x * mask. The mask (kMask) has the output's layout and is filled
// outside: 0, or 1 / (1 - rate) with the probability 1 - rate.
// Flatten: copies a map to a plain vector in (channel, row, column) order.
// Rearrange and what is one (estimator/network/rearrangement.h): a strided copy
// (kernels/parts/strided_copy.h). A reshape that is none makes two, through a vector in scratch.
// MatMul: products of register tiles, head by head; the second operand is copied to scratch memory
// where that pays (kernels/parts/map_product.h).
// ConvTranspose2d: direct convolutions, one a phase of the stride, with weights packed phase by
// phase.
// Embedding: a lookup of a table's row (kIndexedLoad) for every pixel. Where references are counted
// token t of a row of pixels looks up row t, modulo the table's rows.
// Concat and Pad: strided copies of each input and of each piece around the map
// (kernels/parts/pad_boxes.h).
// Resize: a copy or an interpolation for each pair of runs of rows and of columns that come from
// inputs alike (estimator/network/resize_runs.h); where these are many, along the columns into
// scratch, then along the rows.
// Softmax, Reduce and GlobalAvgPool2d: over the groups of values that the axes name
// (kernels/parts/axis_groups.h), softmax also in place. The exponential is a polynomial.
// Quantize and Dequantize, and any layer that computes on bytes: byte_lowering.h.
#define WATTGRIND_DECLARE(T) LoopNest lower(const T& operation, const LayerContext& context);
WATTGRIND_FOR_EACH_OPERATION(WATTGRIND_DECLARE)
#undef WATTGRIND_DECLARE

// By an algorithm that is given and applies to the problem; no depthwise convolution.
LoopNest lower(const Conv2d& conv, const LayerContext& context, ConvAlgorithm algorithm);
LoopNest lower(const Dense& dense, const LayerContext& context, ConvAlgorithm algorithm);
ConvProblem conv2d_problem(const Conv2d& conv, const LayerContext& context);
ConvProblem dense_problem(const Dense& dense, const LayerContext& context);

// A convolution whose groups are single channels and that keeps their number: vectors run across
// channels. Weights are packed [row][column][channel].
LoopNest lower_depthwise_conv2d(const Conv2d& conv, const LayerContext& context);

// The halo a convolution reads of its input.
Halo required_halo(const Conv2d& conv, const FeatureShape& input, const FeatureShape& output);
Halo required_halo(const ConvTranspose2d& conv, const FeatureShape& input,
                   const FeatureShape& output);

}  // namespace wattgrind
