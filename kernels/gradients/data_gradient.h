// What the algorithms of data gradients share: their operands, and their geometry as direct
// convolutions of the output's gradient.
#pragma once

#include <vector>

#include "kernels/conv/conv_problem.h"
#include "kernels/conv/direct_conv.h"
#include "kernels/layout/conv_phases.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

// Where the gradient maps begin, halos included.
struct GradientMaps {
  Address output_gradient, input_gradient;
};

// Declare operands: the packed weights; then, behind a scratch buffer of transposed weights where
// there is one, the maps.
Address packed_weights(NestBuilder& nest, const ConvProblem& problem);
GradientMaps gradient_maps(NestBuilder& nest, const ConvProblem& problem);

// How a group's input channels become columns. Those of a lone group go over the padded channels,
// whose gradients become zero.
std::vector<ColumnBlock> input_blocks(const ConvProblem& problem);

// Whether the convolution has no stride, and its data gradient is a single convolution.
bool is_one_phase(const ConvProblem& problem);

// The convolution of one phase, without addresses, and that of the only phase there is.
DirectConv phase_convolution(const ConvProblem& problem, const StridePhase& row,
                             const StridePhase& column);
DirectConv whole_convolution(const ConvProblem& problem);

// The same for one image of a batch: with the addresses of its maps, and of weights whose taps are
// turned around.
DirectConv phase_of_image(const ConvProblem& problem, const StridePhase& row,
                          const StridePhase& column, const GradientMaps& maps,
                          const Address& weights, LoopVariable image);
DirectConv whole_of_image(const ConvProblem& problem, const GradientMaps& maps,
                          const Address& weights, LoopVariable image);

}  // namespace wattgrind
