#include "kernels/layout/window_spans.h"

#include <algorithm>

namespace wattgrind {
namespace {

std::vector<WindowSpan> window_spans(int64_t outputs, int64_t stride, int64_t kernel, int64_t pad,
                                     int64_t extent) {
  std::vector<WindowSpan> spans;
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t start = o * stride - pad;
    const int64_t low = std::max<int64_t>(0, -start);
    const int64_t high = std::min(kernel, extent - start);
    const WindowSpan span{o, 1, low, high - low, start + low};
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
  return window_spans(output.height, window.stride_height, window.kernel_height, window.pad_top,
                      input.height);
}

std::vector<WindowSpan> column_spans(const Window2d& window, const FeatureShape& input,
                                     const FeatureShape& output) {
  return window_spans(output.width, window.stride_width, window.kernel_width, window.pad_left,
                      input.width);
}

}  // namespace wattgrind
