#include "estimator/network/layer_shape.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/checked_math.h"

namespace wattgrind {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

void check_size(int64_t size, std::string_view key, int64_t least, const LayerPlace& place) {
  if (size < least || size > kMaxSize) {
    place.reject(key, "found {}, wanted {} to {}", size, least, kMaxSize);
  }
}

int64_t same_padding(int64_t input, int64_t kernel, int64_t stride) {
  const int64_t outputs = (input + stride - 1) / stride;
  return std::max<int64_t>((outputs - 1) * stride + kernel - input, 0);
}

void pad_same(Window2d& window, const FeatureShape& input) {
  // The checks that follow report sizes that are out of range.
  for (const int64_t size :
       {window.kernel_height, window.kernel_width, window.stride_height, window.stride_width}) {
    if (size < 1 || size > kMaxSize) return;
  }
  const int64_t height = same_padding(input.height, window.kernel_height, window.stride_height);
  const int64_t width = same_padding(input.width, window.kernel_width, window.stride_width);
  window.pad_top = height / 2;
  window.pad_bottom = height - height / 2;
  window.pad_left = width / 2;
  window.pad_right = width - width / 2;
}

void check_window(const Window2d& w, const FeatureShape& input, const LayerPlace& place) {
  for (const int64_t size : {w.kernel_height, w.kernel_width}) {
    check_size(size, "kernel", 1, place);
  }
  for (const int64_t size : {w.stride_height, w.stride_width}) {
    check_size(size, "stride", 1, place);
  }
  for (const int64_t size : {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) {
    check_size(size, "padding", 0, place);
  }
  const int64_t height = w.pad_top + input.height + w.pad_bottom;
  const int64_t width = w.pad_left + input.width + w.pad_right;
  if (w.kernel_height > height || w.kernel_width > width) {
    place.reject("kernel", "found {}x{}, wanted at most the padded input, {}x{}", w.kernel_height,
                 w.kernel_width, height, width);
  }
}

// A pooling window that saw padding alone would have no value.
void check_pooling_window(const Window2d& w, const FeatureShape& input, const LayerPlace& place) {
  check_window(w, input, place);
  if (std::max(w.pad_top, w.pad_bottom) >= w.kernel_height ||
      std::max(w.pad_left, w.pad_right) >= w.kernel_width) {
    place.reject("padding", "found [{}, {}, {}, {}], wanted less than the kernel, {}x{}", w.pad_top,
                 w.pad_left, w.pad_bottom, w.pad_right, w.kernel_height, w.kernel_width);
  }
}

FeatureShape slide(const Window2d& w, int64_t channels, const FeatureShape& input) {
  return {channels,
          (w.pad_top + input.height + w.pad_bottom - w.kernel_height) / w.stride_height + 1,
          (w.pad_left + input.width + w.pad_right - w.kernel_width) / w.stride_width + 1};
}

FeatureShape infer(const Conv2d& conv, const FeatureShape& input, const LayerPlace& place) {
  check_size(conv.filters, "filters", 1, place);
  check_size(conv.groups, "groups", 1, place);
  check_window(conv.window, input, place);
  if (input.channels % conv.groups != 0 || conv.filters % conv.groups != 0) {
    place.reject("groups", "found {}, wanted a divisor of {} input channels and {} filters",
                 conv.groups, input.channels, conv.filters);
  }
  return slide(conv.window, conv.filters, input);
}

FeatureShape infer(const Dense& dense, const FeatureShape& input, const LayerPlace& place) {
  check_size(dense.units, "units", 1, place);
  if (!input.is_vector()) {
    place.reject("", "dense found the feature map {}, wanted a vector: put a flatten layer before",
                 to_string(input));
  }
  return {dense.units, 1, 1};
}

template <typename Pooling>
FeatureShape infer_pooling(const Pooling& pool, const FeatureShape& input,
                           const LayerPlace& place) {
  check_pooling_window(pool.window, input, place);
  return slide(pool.window, input.channels, input);
}

FeatureShape infer(const Lrn& lrn, const FeatureShape& input, const LayerPlace& place) {
  check_size(lrn.size, "size", 1, place);
  if (lrn.size % 2 == 0) {
    place.reject("size", "found {}, wanted an odd number of channels", lrn.size);
  }
  const auto check = [&](double value, std::string_view key, bool zero_allowed) {
    if (!std::isfinite(value) || value < 0 || (value == 0 && !zero_allowed)) {
      place.reject(key, "found {}, wanted a number {} 0", value, zero_allowed ? ">=" : ">");
    }
  };
  check(lrn.alpha, "alpha", true);
  check(lrn.beta, "beta", true);
  check(lrn.k, "k", false);
  return input;
}

FeatureShape infer(const Dropout& dropout, const FeatureShape& input, const LayerPlace& place) {
  if (!(dropout.rate >= 0 && dropout.rate < 1)) {
    place.reject("rate", "found {}, wanted 0 or more and less than 1", dropout.rate);
  }
  return input;
}

FeatureShape infer(const Flatten&, const FeatureShape& input, const LayerPlace& place) {
  if (input.elements() > kMaxSize) {
    place.reject("", "flatten found the feature map {}, wanted at most {} elements",
                 to_string(input), kMaxSize);
  }
  return {input.elements(), 1, 1};
}

FeatureShape infer(const Softmax&, const FeatureShape& input, const LayerPlace& place) {
  if (!input.is_vector()) {
    place.reject("",
                 "softmax found the feature map {}, wanted a vector: put a flatten layer before",
                 to_string(input));
  }
  return input;
}

LayerWork checked_work(std::optional<uint64_t> weights, uint64_t biases, uint64_t positions,
                       const LayerPlace& place) {
  const auto macs = weights ? checked_product({*weights, positions}) : std::nullopt;
  const auto parameters = weights ? checked_sum({*weights, biases}) : std::nullopt;
  if (!macs || !parameters) {
    place.reject("", "its parameters or multiply-accumulates overflow 64 bits: make it smaller");
  }
  return {*macs, *parameters};
}

}  // namespace

Operation with_same_padding(Operation operation, const FeatureShape& input) {
  std::visit(Overloaded{[&](Conv2d& conv) { pad_same(conv.window, input); },
                        [&](MaxPool2d& pool) { pad_same(pool.window, input); },
                        [&](AvgPool2d& pool) { pad_same(pool.window, input); }, [](auto&) {}},
             operation);
  return operation;
}

FeatureShape infer_output_shape(const Operation& operation, const FeatureShape& input,
                                const LayerPlace& place) {
  return std::visit(
      Overloaded{[&](const Relu&) { return input; },
                 [&](const MaxPool2d& pool) { return infer_pooling(pool, input, place); },
                 [&](const AvgPool2d& pool) { return infer_pooling(pool, input, place); },
                 [&](const GlobalAvgPool2d&) {
                   return FeatureShape{input.channels, 1, 1};
                 },
                 [&](const auto& other) { return infer(other, input, place); }},
      operation);
}

LayerWork count_work(const Operation& operation, const FeatureShape& input,
                     const FeatureShape& output, const LayerPlace& place) {
  const auto size = [](int64_t n) { return static_cast<uint64_t>(n); };
  return std::visit(
      Overloaded{[&](const Conv2d& conv) {
                   const Window2d& w = conv.window;
                   return checked_work(
                       checked_product({size(conv.filters), size(input.channels / conv.groups),
                                        size(w.kernel_height), size(w.kernel_width)}),
                       size(conv.filters), size(output.height) * size(output.width), place);
                 },
                 [&](const Dense& dense) {
                   return checked_work(checked_product({size(dense.units), size(input.channels)}),
                                       size(dense.units), 1, place);
                 },
                 [](const auto&) { return LayerWork{}; }},
      operation);
}

}  // namespace wattgrind
