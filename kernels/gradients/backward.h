// Lowering of gradients to loop nests: one file an operation.
//
// A layer's backward kernels read the gradient of the loss by its output ("output_gradient") and
// write those by its input ("input_gradient") and by its parameters ("weight_gradient",
// "bias_gradient", packed as the parameters are). All are sums over the batch.
//
// Gradient maps have the channel pitch of the maps they belong to, and halos of their own: zeros
// that a convolution's data gradient reads beyond the map. Kernels write pixels alone, and zeros
// to the padded channels, so that halos stay what memory started as. What falls on the padding of
// a layer's input is dropped.
#pragma once

#include "estimator/network/network.h"
#include "kernels/conv/conv_algorithm.h"
#include "kernels/layout/layer_context.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// Gradients of dense layers and of convolutions that are not depthwise take the algorithm chosen
// for their problem (kernels/gradients/gradient_algorithms.h), or one that is given and applies to
// it. Scratch memory must be zero at first: padding in it is read and never written. A
// convolution's data gradient reads the output gradient's halo, which must cover
// required_gradient_halo().
LoopNest lower_dense_data_gradient(const Dense& dense, const BackwardContext& context);
LoopNest lower_dense_weight_gradient(const Dense& dense, const BackwardContext& context);
LoopNest lower_conv2d_data_gradient(const Conv2d& conv, const BackwardContext& context);
LoopNest lower_conv2d_weight_gradient(const Conv2d& conv, const BackwardContext& context);

LoopNest lower_dense_data_gradient(const Dense& dense, const BackwardContext& context,
                                   ConvAlgorithm algorithm);
LoopNest lower_dense_weight_gradient(const Dense& dense, const BackwardContext& context,
                                     ConvAlgorithm algorithm);
LoopNest lower_conv2d_data_gradient(const Conv2d& conv, const BackwardContext& context,
                                    ConvAlgorithm algorithm);
LoopNest lower_conv2d_weight_gradient(const Conv2d& conv, const BackwardContext& context,
                                      ConvAlgorithm algorithm);

ConvProblem dense_data_gradient_problem(const Dense& dense, const BackwardContext& context);
ConvProblem dense_weight_gradient_problem(const Dense& dense, const BackwardContext& context);
ConvProblem conv2d_data_gradient_problem(const Conv2d& conv, const BackwardContext& context);
ConvProblem conv2d_weight_gradient_problem(const Conv2d& conv, const BackwardContext& context);

LoopNest lower_depthwise_conv2d_data_gradient(const Conv2d& conv, const BackwardContext& context);
LoopNest lower_depthwise_conv2d_weight_gradient(const Conv2d& conv, const BackwardContext& context);
Halo required_gradient_halo(const Conv2d& conv, const FeatureShape& input,
                            const FeatureShape& output);

// The first of a window's largest values, in (row, column) order, gets the window's gradient. No
// address depends on data: every value is compared with the output.
LoopNest lower_max_pool2d_backward(const MaxPool2d& pool, const BackwardContext& context);
LoopNest lower_avg_pool2d_backward(const AvgPool2d& pool, const BackwardContext& context);
LoopNest lower_global_avg_pool2d_backward(const BackwardContext& context);

// Of the layer's input alone; powers are computed again. Works on scratch rows as the layer does.
LoopNest lower_lrn_backward(const Lrn& lrn, const BackwardContext& context);

// Where y > 0 the gradient passes, else it becomes zero: in place, on "gradient". y is the layer's
// output ("output").
LoopNest lower_relu_backward(const BackwardContext& context);

// Copies the gradient of a plain vector to that of the map it was flattened from.
LoopNest lower_flatten_backward(const BackwardContext& context);

// The gradient by a dropout layer's input is that by its output, times its mask.
LoopNest lower_dropout_backward(const BackwardContext& context);

// Softmax and categorical cross-entropy, backward: of the probabilities that softmax left
// ("output") and of "labels", the gradient of the mean loss of the batch by softmax's input,
// (p - y) / batch. "loss" gets each image's -sum y ln p; p below 1e-7 counts as 1e-7 there, as in
// Keras. A probability that is no number makes a loss that is none.
LoopNest lower_softmax_cross_entropy_backward(const BackwardContext& context);

// A training step's first pass: copies a batch out of the data set, images ("images", (row, column,
// channel) order, each on a line) into the input's map and one-hot labels ("image_labels") to
// "labels".
LoopNest lower_batch_input(int64_t classes, const LayerContext& context);

// One-hot labels, or targets that add up to one, of `classes` classes.
MapLayout label_layout(int64_t classes);

}  // namespace wattgrind
