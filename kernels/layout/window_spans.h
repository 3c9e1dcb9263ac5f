// The windows of a pooling layer that lie alike in its input.
#pragma once

#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// In one dimension, consecutive outputs whose windows keep the same part of the kernel inside the
// input.
struct WindowSpan {
  int64_t first = 0, count = 0;                // outputs
  int64_t kernel_first = 0, kernel_count = 0;  // the part of the kernel that lies inside
  int64_t input_first = 0;                     // the first input of the first output's window

  bool same_window(const WindowSpan& other) const {
    return kernel_first == other.kernel_first && kernel_count == other.kernel_count;
  }
};

// Interior outputs are one span; those whose window reaches into the padding form their own.
std::vector<WindowSpan> row_spans(const Window2d& window, const FeatureShape& input,
                                  const FeatureShape& output);
std::vector<WindowSpan> column_spans(const Window2d& window, const FeatureShape& input,
                                     const FeatureShape& output);

}  // namespace wattgrind
