// The data gradient of a convolution with stride, taken apart into convolutions without. A
// transposed convolution is one as well.
//
// An input at i gets dy[o] * w[r] wherever o * stride - pad + r * dilation = i. Inputs whose i +
// pad leave the same remainder by the stride meet the same taps, every so many of the kernel, and
// neighbours among them meet neighbouring outputs: a convolution without stride, of those taps
// turned around, with what is left of the dilation.
#pragma once

#include <vector>

#include "estimator/network/network.h"
#include "kernels/layout/map_layout.h"

namespace wattgrind {

// One of these convolutions, in one dimension.
struct StridePhase {
  int64_t first_input = 0, inputs = 0;  // every stride-th input from the first
  int64_t first_tap = 0, taps = 0;      // every tap_step-th tap of the kernel from the first
  int64_t tap_step = 1;
  int64_t first_output = 0;  // what the first input meets with its last tap; below 0 in the halo
  int64_t dilation = 1;      // from the output that a tap meets to that of the tap before it

  int64_t last_tap() const { return first_tap + (taps - 1) * tap_step; }
};

// Inputs that no tap meets are in no phase: their gradient is zero.
std::vector<StridePhase> row_phases(const Window2d& window, const FeatureShape& input);
std::vector<StridePhase> column_phases(const Window2d& window, const FeatureShape& input);

// The taps of a phase of rows and a phase of columns, wherever there are inputs for them. A
// transposed convolution's weights are packed phase by phase.
struct TapPhase {
  int64_t first_row = 0, first_column = 0;  // taps
  int64_t row_step = 1, column_step = 1;
  int64_t rows = 1, columns = 1;
  int64_t taps_before = 0;  // of earlier phases

  int64_t last_row() const { return first_row + (rows - 1) * row_step; }
  int64_t last_column() const { return first_column + (columns - 1) * column_step; }
};

// Every tap of the window is in one of them.
std::vector<TapPhase> tap_phases(const Window2d& window);

// How far the convolution's windows read beyond the input.
Halo window_halo(const Window2d& window, const FeatureShape& input, const FeatureShape& output);

// How far the phases of a window read beyond the outputs.
Halo phases_halo(const Window2d& window, const FeatureShape& input, const FeatureShape& output);

}  // namespace wattgrind
