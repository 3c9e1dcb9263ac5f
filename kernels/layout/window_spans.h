// Groups of a layer's windows that lie alike in its input. In one dimension, with a kernel
// of 3, a padding of 1 and 5 inputs, the first and last window lose a value to the padding:
//
//   input        . 0 1 2 3 4 .        a dot is padding
//   output 0     [   ]                span 0: one output, values 1 and 2 of the kernel
//   outputs 1-3    [   ] ...          span 1: three outputs, the whole kernel
//   output 4             [   ]        span 2: one output, values 0 and 1 of the kernel
//
// A window that reaches beyond the padding, as the last one may in ceil mode, loses what lies there
// too.
#pragma once

#include <vector>

#include "estimator/network/network.h"

namespace wattgrind {

// A span is consecutive outputs, in one dimension, whose windows keep the same part of the kernel
// inside the input.
struct WindowSpan {
  int64_t first = 0, count = 0;                // which outputs they are
  int64_t kernel_first = 0, kernel_count = 0;  // which part of the kernel lies inside
  int64_t input_first = 0;   // the first input that the first output's window reads
  int64_t padded_count = 0;  // how much of the kernel lies inside the padded input

  bool same_window(const WindowSpan& other) const {
    return kernel_first == other.kernel_first && kernel_count == other.kernel_count &&
           padded_count == other.padded_count;
  }
};

// The spans of all outputs, in order. Outputs whose windows lie inside the input are one span;
// those whose windows reach into the padding form spans of their own.
std::vector<WindowSpan> row_spans(const Window2d& window, const FeatureShape& input,
                                  const FeatureShape& output);
std::vector<WindowSpan> column_spans(const Window2d& window, const FeatureShape& input,
                                     const FeatureShape& output);

}  // namespace wattgrind
