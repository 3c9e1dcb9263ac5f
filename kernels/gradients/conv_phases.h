// The data gradient of a convolution with stride, taken apart into convolutions without.
//
// An input at i gets dy[o] * w[r] wherever o * stride - pad + r = i. Inputs whose i + pad leave the
// same remainder by the stride meet the same taps, every stride-th of the kernel, and neighbours
// among them meet neighbouring outputs: a convolution without stride, of those taps turned around.
#pragma once

#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// One of these convolutions, in one dimension.
struct StridePhase {
  int64_t first_input = 0, inputs = 0;  // every stride-th input from the first
  int64_t first_tap = 0, taps = 0;      // every stride-th tap of the kernel from the first
  int64_t first_output = 0;  // what the first input meets with its last tap; below 0 in the halo
};

// Inputs that no tap meets are in no phase: their gradient is zero.
std::vector<StridePhase> row_phases(const Window2d& window, const FeatureShape& input);
std::vector<StridePhase> column_phases(const Window2d& window, const FeatureShape& input);

}  // namespace wattgrind
