// What the algorithms of weight gradients share. A weight's gradient is the sum, over images and
// output pixels, of the gradient of its filter's output there and of the input under its tap.
#pragma once

#include <functional>

#include "kernels/conv/conv_problem.h"
#include "kernels/nest/nest_builder.h"
#include "kernels/parts/product_tile.h"

namespace wattgrind {

struct WeightGradientOperands {
  Address input;     // under the first tap of the first pixel's window, which may be in the halo
  Address gradient;  // by the output, of the first pixel
  Address weights, bias;  // the results, packed as the parameters are
};

// Declares the operands.
WeightGradientOperands weight_gradient_operands(NestBuilder& nest, const ConvProblem& problem);

// Calls body(tile) for chunks of images that stay in L2 while filters and taps pass by. The tile
// has the addresses of the chunk's input and, as weights, gradient; its reduction walks the chunk's
// images, rows and columns. It starts from zero, or after the first chunk, or where the output is
// zero already (`is_zero`), from the output.
void for_each_image_chunk(NestBuilder& nest, const ConvProblem& problem,
                          const WeightGradientOperands& operands, bool is_zero,
                          const std::function<void(const ProductTile&)>& body);

// Sums the output's gradient over images and pixels.
void emit_bias_gradient(NestBuilder& nest, const ConvProblem& problem,
                        const WeightGradientOperands& operands);

}  // namespace wattgrind
