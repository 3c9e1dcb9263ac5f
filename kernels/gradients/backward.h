// Lowering of gradients to loop nests: one file an operation.
//
// A layer's backward kernels read the gradient of the loss by its output (kOutputGradient) and
// write those by its input (kInputGradient) and by its parameters ("weight_gradient",
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

// LoopNest lower_data_gradient(const Relu&, const BackwardContext&), and the same of every other
// operation: the gradient by the input that the context names. Layers that untrainable.h names must
// not be asked for any.
//
// Conv2d and Dense take the algorithm chosen for their problem
// (kernels/gradients/gradient_algorithms.h); a depthwise convolution is as below. Scratch memory
// must be zero at first: padding in it is read and never written. A convolution reads the output
// gradient's halo, which must cover required_gradient_halo().
// Pooling: the first of a window's largest values, in (row, column) order, gets the window's
// gradient. No address depends on data: every value is compared with the output.
// Lrn needs the layer's input alone; powers are computed again, on scratch rows as the layer does.
// Activation: in place, on kGradient, from the layer's input or output as gradient_reads() in
// estimator/network/unary_functions.h says.
// Relu: where y > 0 the gradient passes, else it becomes zero: in place, on kGradient. y is the
// layer's output.
// BatchNorm reads kMoments, which its way forward left in training, and kWeightGradient and
// kBiasGradient: its gradient by parameters comes first.
// Normalization reads kMoments too; the sums of a part pass through scratch.
// Binary: of equal operands of minimum and maximum the one that stands second gets the gradient.
// Its gradient by weights is that by its constant; of a layer in place, on kGradient, it comes
// first.
// Flatten copies the gradient of a plain vector to that of the map it was flattened from.
// Rearrange and what is one: copied back, or added up where values have several places.
// MatMul: a product again, of the output's gradient and the other input.
// ConvTranspose2d: a direct convolution, which reads the output gradient's halo as well; so does
// the gradient by weights.
// Dropout: the gradient by its output, times its mask.
// Concat and constant padding: the input's part of the gradient, copied; padding with values of the
// map and resizing add to each value what its places in the output have.
// Reduce: mean and sum spread the gradient, a maximum along rows and columns gives it to the first
// of the largest values.
// Softmax: from the layer's output, on kGradient where the context is in place. The last layer's is
// lower_cross_entropy(), where the context says so.
#define WATTGRIND_DECLARE(T) \
  LoopNest lower_data_gradient(const T& operation, const BackwardContext& context);
WATTGRIND_FOR_EACH_OPERATION(WATTGRIND_DECLARE)
#undef WATTGRIND_DECLARE

// The gradient of a vector's softmax and categorical cross-entropy in one. It makes, of the
// probabilities that softmax left (kOutput) and of kLabels, the gradient of the mean loss of the
// batch by softmax's input, (p - y) / batch. kLoss gets each image's -sum y ln p; p below 1e-7
// counts as 1e-7 there, as in Keras. A probability that is no number makes a loss that is none.
LoopNest lower_cross_entropy(const BackwardContext& context);

// Gradients by weights and bias.
LoopNest lower_weight_gradient(const Dense& dense, const BackwardContext& context);
LoopNest lower_weight_gradient(const Conv2d& conv, const BackwardContext& context);
LoopNest lower_weight_gradient(const ConvTranspose2d& conv, const BackwardContext& context);
LoopNest lower_weight_gradient(const Binary& binary, const BackwardContext& context);
LoopNest lower_weight_gradient(const BatchNorm& norm, const BackwardContext& context);
LoopNest lower_weight_gradient(const Normalization& norm, const BackwardContext& context);

// By an algorithm that is given and applies to the problem; no depthwise convolution.
LoopNest lower_data_gradient(const Dense& dense, const BackwardContext& context,
                             ConvAlgorithm algorithm);
LoopNest lower_data_gradient(const Conv2d& conv, const BackwardContext& context,
                             ConvAlgorithm algorithm);
LoopNest lower_weight_gradient(const Dense& dense, const BackwardContext& context,
                               ConvAlgorithm algorithm);
LoopNest lower_weight_gradient(const Conv2d& conv, const BackwardContext& context,
                               ConvAlgorithm algorithm);
ConvProblem dense_data_gradient_problem(const Dense& dense, const BackwardContext& context);
ConvProblem dense_weight_gradient_problem(const Dense& dense, const BackwardContext& context);
ConvProblem conv2d_data_gradient_problem(const Conv2d& conv, const BackwardContext& context);
ConvProblem conv2d_weight_gradient_problem(const Conv2d& conv, const BackwardContext& context);

LoopNest lower_depthwise_conv2d_data_gradient(const Conv2d& conv, const BackwardContext& context);
LoopNest lower_depthwise_conv2d_weight_gradient(const Conv2d& conv, const BackwardContext& context);

Halo required_gradient_halo(const Conv2d& conv, const FeatureShape& input,
                            const FeatureShape& output);
Halo required_gradient_halo(const ConvTranspose2d& conv, const FeatureShape& input,
                            const FeatureShape& output);

// A training step's first pass: copies a batch out of the data set, images ("images", (row, column,
// channel) order, each on a line) into the input's map and one-hot labels ("image_labels") to
// "labels".
LoopNest lower_batch_input(int64_t classes, const LayerContext& context);

// Adds one reader's part of a map's gradient (kInputGradient) to the sum of the others (kGradient).
LoopNest lower_gradient_sum(const MapLayout& layout, Isa isa, int64_t batch);

// Whether the layer's gradient by its input is not written where no window reads the input: between
// strides longer than the window, or behind the last one. Memory is zero there at first, and stays
// so unless something else writes the same buffer.
bool leaves_gaps(const Layer& layer);

// Whether the gradient by the first input is that by the output, so that in place nothing is to do.
bool passes_gradient_on(const Binary& binary);

// Sets a map's gradient (kInputGradient) to zero.
LoopNest lower_gradient_clear(const MapLayout& layout, Isa isa, int64_t batch);

// One-hot labels, or targets that add up to one, of `classes` classes.
MapLayout label_layout(int64_t classes);

}  // namespace wattgrind
