// Gradients computed the obvious way, on NCHW arrays in double precision: the oracle for backward
// kernels.
#pragma once

#include <vector>

#include "estimator/network/network.h"
#include "tests/kernels/reference_layers.h"

namespace wattgrind {

struct ReferenceGradients {
  std::vector<float> input;
  std::vector<float> weights, bias;  // in the order of the parameters; empty without
};

// Of the sum of output_gradient * output. Where several values of a window are its maximum, the
// first in (row, column) order gets the gradient. Layers of several inputs are not among the
// layers.
ReferenceGradients reference_gradients(const Layer& layer, int64_t batch,
                                       const std::vector<float>& input,
                                       const ReferenceParameters& parameters,
                                       const std::vector<float>& output_gradient);

// The same by the input of that index, of a layer whose outputs are sums of its inputs, weighted,
// and of constants: what each input, alone, makes of the output.
std::vector<float> linear_gradient(const Layer& layer, int64_t batch, size_t input_index,
                                   const std::vector<float>& output_gradient);

}  // namespace wattgrind
