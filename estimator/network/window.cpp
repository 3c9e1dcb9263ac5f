#include "estimator/network/window.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace wattgrind {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

int64_t same_padding(int64_t input, int64_t span, int64_t stride) {
  const int64_t outputs = (input + stride - 1) / stride;
  return std::max<int64_t>((outputs - 1) * stride + span - input, 0);
}

}  // namespace

Window2d read_window(const json& layer, bool stride_is_kernel) {
  Window2d window;
  const json& kernel = layer.at("kernel");
  window.kernel_height = kernel.at(0).get<int64_t>();
  window.kernel_width = kernel.at(1).get<int64_t>();
  if (layer.contains("stride")) {
    window.stride_height = layer.at("stride").at(0).get<int64_t>();
    window.stride_width = layer.at("stride").at(1).get<int64_t>();
  } else if (stride_is_kernel) {
    window.stride_height = window.kernel_height;
    window.stride_width = window.kernel_width;
  }
  if (layer.contains("dilation")) {
    window.dilation_height = layer.at("dilation").at(0).get<int64_t>();
    window.dilation_width = layer.at("dilation").at(1).get<int64_t>();
  }
  const json padding = layer.value("padding", json::array({0, 0}));
  if (padding.is_array()) {
    const size_t opposite = padding.size() == 4 ? 2 : 0;
    window.pad_top = padding.at(0).get<int64_t>();
    window.pad_left = padding.at(1).get<int64_t>();
    window.pad_bottom = padding.at(opposite).get<int64_t>();
    window.pad_right = padding.at(opposite + 1).get<int64_t>();
  }
  return window;
}

void write_window(const Window2d& window, ordered_json& layer) {
  layer["kernel"] = {window.kernel_height, window.kernel_width};
  layer["stride"] = {window.stride_height, window.stride_width};
  layer["padding"] = {window.pad_top, window.pad_left, window.pad_bottom, window.pad_right};
  if (window.dilation_height != 1 || window.dilation_width != 1) {
    layer["dilation"] = {window.dilation_height, window.dilation_width};
  }
}

void pad_same(Window2d& window, const FeatureShape& input) {
  // Sizes out of range are reported by the checks that follow.
  for (const int64_t size : {window.kernel_height, window.kernel_width, window.stride_height,
                             window.stride_width, window.dilation_height, window.dilation_width}) {
    if (size < 1 || size > kMaxSize) return;
  }
  const int64_t height = same_padding(input.height, window.span_height(), window.stride_height);
  const int64_t width = same_padding(input.width, window.span_width(), window.stride_width);
  window.pad_top = height / 2;
  window.pad_bottom = height - height / 2;
  window.pad_left = width / 2;
  window.pad_right = width - width / 2;
}

void check_window_sizes(const Window2d& w, const LayerPlace& place) {
  for (const int64_t size : {w.kernel_height, w.kernel_width}) {
    check_size(size, "kernel", 1, place);
  }
  for (const int64_t size : {w.stride_height, w.stride_width}) {
    check_size(size, "stride", 1, place);
  }
  for (const int64_t size : {w.dilation_height, w.dilation_width}) {
    check_size(size, "dilation", 1, place);
  }
  for (const int64_t size : {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) {
    check_size(size, "padding", 0, place);
  }
}

void check_window(const Window2d& w, const FeatureShape& input, const LayerPlace& place) {
  check_window_sizes(w, place);
  const int64_t height = w.pad_top + input.height + w.pad_bottom;
  const int64_t width = w.pad_left + input.width + w.pad_right;
  if (w.span_height() > height || w.span_width() > width) {
    const bool is_dilated = w.span_height() != w.kernel_height || w.span_width() != w.kernel_width;
    place.reject(
        "kernel", "found {}x{}{}, wanted at most the padded input, {}x{}", w.kernel_height,
        w.kernel_width,
        is_dilated ? fmt::format(", dilated to {}x{}", w.span_height(), w.span_width()) : "",
        height, width);
  }
}

FeatureShape slide(const Window2d& w, int64_t channels, const FeatureShape& input) {
  return {channels,
          (w.pad_top + input.height + w.pad_bottom - w.span_height()) / w.stride_height + 1,
          (w.pad_left + input.width + w.pad_right - w.span_width()) / w.stride_width + 1};
}

}  // namespace wattgrind
