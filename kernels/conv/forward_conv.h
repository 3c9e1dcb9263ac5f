// What the algorithms of a layer's way forward share: its operands, and its geometry as a
// DirectConv.
#pragma once

#include "kernels/conv/conv_problem.h"
#include "kernels/conv/direct_conv.h"
#include "kernels/nest/nest_builder.h"

namespace wattgrind {

struct ForwardOperands {
  Address input;  // the first value that the first output reads, which may be in the halo
  Address weights, bias;
  Address output;  // the first output
  Epilogue epilogue;
};

// Declares the layer's operands, with the weights as they are or, of so many bytes, transformed.
ForwardOperands forward_operands(NestBuilder& nest, const ConvProblem& problem);
ForwardOperands forward_operands(NestBuilder& nest, const ConvProblem& problem,
                                 uint64_t weight_bytes);

// How far ahead a product that takes so many bytes of weights in sequence asks for them, if the
// problem does that at all and L2 does not hold them; 0: not.
int64_t ahead_bytes(const ConvProblem& problem, int64_t weight_bytes);

// One image's convolution, without addresses.
DirectConv forward_convolution(const ConvProblem& problem);

// Calls body(DirectConv) once, in a loop over the images: the convolution of one of them.
template <typename Body>
void for_each_image(NestBuilder& nest, const ConvProblem& problem, const ForwardOperands& operands,
                    Body&& body) {
  DirectConv conv = forward_convolution(problem);
  conv.weights = operands.weights;
  conv.bias = operands.bias;
  nest.loop("image", problem.batch, [&](LoopVariable n) {
    conv.input_values = stepped(operands.input, n, problem.input.image_bytes());
    conv.output_values = stepped(operands.output, n, problem.output.image_bytes());
    conv.epilogue = operands.epilogue;
    body(conv);
  });
}

}  // namespace wattgrind
