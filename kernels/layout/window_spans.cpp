#include "kernels/layout/window_spans.h"

#include <algorithm>

namespace wattgrind {
namespace {

// One dimension of a window and its input.
struct PhaseAxis {
  int64_t stride, kernel, dilation;
  int64_t pad_before, extent, pad_behind;
};

// How many of `taps`, which lie `dilation` apart from `start` on, lie before `end`.
int64_t taps_before(int64_t end, int64_t start, int64_t dilation, int64_t taps) {
  if (end <= start) return 0;
  return std::min(taps, (end - start + dilation - 1) / dilation);
}

std::vector<WindowSpan> window_spans(int64_t outputs, const PhaseAxis& axis) {
  std::vector<WindowSpan> spans;
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t start = o * axis.stride - axis.pad_before;
    const int64_t low = taps_before(0, start, axis.dilation, axis.kernel);
    const int64_t high = taps_before(axis.extent, start, axis.dilation, axis.kernel);
    const int64_t padded =
        taps_before(axis.extent + axis.pad_behind, start, axis.dilation, axis.kernel);
    const WindowSpan span{o, 1, low, high - low, start + low * axis.dilation, padded};
    if (!spans.empty() && spans.back().same_window(span)) {
      ++spans.back().count;
    } else {
      spans.push_back(span);
    }
  }
  return spans;
}

}  // namespace

std::vector<WindowSpan> row_spans(const Window2d& window, const FeatureShape& input,
                                  const FeatureShape& output) {
  return window_spans(output.height,
                      {window.stride_height, window.kernel_height, window.dilation_height,
                       window.pad_top, input.height, window.pad_bottom});
}

std::vector<WindowSpan> column_spans(const Window2d& window, const FeatureShape& input,
                                     const FeatureShape& output) {
  return window_spans(output.width,
                      {window.stride_width, window.kernel_width, window.dilation_width,
                       window.pad_left, input.width, window.pad_right});
}

}  // namespace wattgrind
