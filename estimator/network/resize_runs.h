// Which inputs each row or column of a resized map comes from.
//
// Twice as many rows, by linear interpolation between the centres of pixels:
//
//   output    0     1      2      3      4      5
//   inputs    0    0, 1   0, 1   1, 2   1, 2    2
//   weights         1/4    3/4    1/4    3/4
//
// Outputs 1 and 3 are a run, as are 2 and 4: the same weights, and as far on in the input.
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// The outputs first, first + step, ... : output i of the run is the mean of the inputs
// low + i * source_step and high + i * source_step, weighted with 1 - weight and weight.
struct ResizeRun {
  int64_t first = 0, count = 1, step = 1;
  int64_t low = 0, high = 0;  // the same where one input alone counts
  int64_t source_step = 0;
  double weight = 0;  // of the higher input
};

// The most outputs along an axis, and the most runs, for which kernels are made.
inline constexpr int64_t kMostResized = int64_t{1} << 20;
inline constexpr size_t kMostResizeRuns = 4096;

// The runs of all rows (or columns) of the output, in as few as a period of up to 16 outputs, or
// the period of the ratio of the sizes, makes of them. Empty where these are more than
// kMostResizeRuns.
std::vector<ResizeRun> resize_rows(const Resize& resize, const FeatureShape& input);
std::vector<ResizeRun> resize_columns(const Resize& resize, const FeatureShape& input);

}  // namespace wattgrind
