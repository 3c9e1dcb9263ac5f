// Lowering of layers to loop nests: one file an operation.
//
// A nest's buffers are named by what they hold ("input", "weights", "bias", "output", "scratch";
// "map" where a layer works in place); kernels/program.h gives them addresses.
#pragma once

#include "estimator/network.h"
#include "kernels/map_layout.h"
#include "kernels/nest.h"

namespace wattgrind {

struct LayerContext {
  Isa isa = Isa::kAvx2;
  int64_t batch = 1;
  MapLayout input;
  MapLayout output;  // the input's own layout where a layer works in place
};

// Direct convolution: images, groups, blocks of output channels, rows, register tiles of pixels.
// The input's halo covers the padding. Weights are packed [group][block][row][column][channel]
// [lane] (kernels/packing.h).
LoopNest lower_conv2d(const Conv2d& conv, const LayerContext& context);

// A convolution whose groups are single channels and that keeps their number: vectors run across
// channels. Weights are packed [row][column][channel].
LoopNest lower_depthwise_conv2d(const Conv2d& conv, const LayerContext& context);
bool is_depthwise(const Conv2d& conv, int64_t input_channels);

// A product with the batch as M, blocks of units as N and the input's values, in the order they
// lie in memory, as K. Weights are packed [block][row][column][channel][lane].
LoopNest lower_dense(const Dense& dense, const LayerContext& context);

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

// A training step's first pass: copies a batch out of the data set, images ("images", (row, column,
// channel) order, each on a line) into the input's map and one-hot labels ("image_labels") to
// "labels".
LoopNest lower_batch_input(int64_t classes, const LayerContext& context);

// One-hot labels, or targets that add up to one, of `classes` classes.
MapLayout label_layout(int64_t classes);

// Copies a map to a plain vector in (channel, row, column) order.
LoopNest lower_flatten(const LayerContext& context);

// The halo a convolution reads of its input.
Halo required_halo(const Conv2d& conv, const FeatureShape& input, const FeatureShape& output);

// The channel pitch of what a layer writes, given its input's.
int64_t output_pitch(const Layer& layer, int64_t input_pitch, Isa isa);

}  // namespace wattgrind
