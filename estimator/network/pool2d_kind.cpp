#include <algorithm>
#include <nlohmann/json.hpp>

#include "estimator/network/window.h"

namespace wattgrind {
namespace {

// One dimension of pooling.
struct PoolAxis {
  int64_t extent, kernel, stride, dilation, pad_before, pad_behind, span;
};

PoolAxis vertical(const Window2d& w, const FeatureShape& input) {
  return {input.height, w.kernel_height, w.stride_height, w.dilation_height,
          w.pad_top,    w.pad_bottom,    w.span_height()};
}
PoolAxis horizontal(const Window2d& w, const FeatureShape& input) {
  return {input.width, w.kernel_width, w.stride_width, w.dilation_width,
          w.pad_left,  w.pad_right,    w.span_width()};
}

// The window's last position lies within the padded input; in ceil mode it may reach beyond, but
// not start in the padding behind.
int64_t outputs_of(const PoolAxis& axis, bool ceil_mode) {
  const int64_t free = axis.pad_before + axis.extent + axis.pad_behind - axis.span;
  if (!ceil_mode) return free / axis.stride + 1;
  const int64_t outputs = (free + axis.stride - 1) / axis.stride + 1;
  const bool starts_behind = (outputs - 1) * axis.stride >= axis.pad_before + axis.extent;
  return starts_behind ? outputs - 1 : outputs;
}

// How many of a window's taps lie inside the map.
int64_t taps_inside(const PoolAxis& axis, int64_t output) {
  const int64_t start = output * axis.stride - axis.pad_before;
  const auto before = [&](int64_t end) {
    return end <= start ? 0 : std::min(axis.kernel, (end - start - 1) / axis.dilation + 1);
  };
  return before(axis.extent) - before(0);
}

// A pooling window that saw padding alone would have no value.
void check_pooling_axis(const PoolAxis& axis, bool ceil_mode, const Window2d& w,
                        const LayerPlace& place) {
  if (std::max(axis.pad_before, axis.pad_behind) >= axis.span) {
    place.reject("padding", "found [{}, {}, {}, {}], wanted less than the kernel, {}x{}", w.pad_top,
                 w.pad_left, w.pad_bottom, w.pad_right, w.span_height(), w.span_width());
  }
  // Windows that start inside the map see their first tap.
  for (int64_t o = 0; o * axis.stride < axis.pad_before && o < outputs_of(axis, ceil_mode); ++o) {
    if (taps_inside(axis, o) == 0) {
      place.reject("dilation", "found {}x{}, by which a window sees padding alone",
                   w.dilation_height, w.dilation_width);
    }
  }
}

uint64_t taps_inside_all(const PoolAxis& axis, int64_t outputs) {
  int64_t taps = 0;
  for (int64_t o = 0; o < outputs; ++o) taps += taps_inside(axis, o);
  return static_cast<uint64_t>(taps);
}

uint64_t window_values(const Window2d& window, const FeatureShape& in, const FeatureShape& out) {
  return static_cast<uint64_t>(out.channels) * taps_inside_all(vertical(window, in), out.height) *
         taps_inside_all(horizontal(window, in), out.width);
}

// Pooling does one operation a window value inside the map, and as many on the way back.
template <typename Pool>
class Pool2dKind final : public LayerKindOf<Pool> {
 public:
  explicit Pool2dKind(std::string_view word) : word_(word) {}

  std::string_view word() const override { return word_; }

  Operation read(const nlohmann::json& layer) const override {
    Pool pool{read_window(layer, true), layer.value("ceil_mode", false)};
    if constexpr (requires { pool.count_padding; }) {
      pool.count_padding = layer.value("count_padding", false);
    }
    return pool;
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const uint64_t values = window_values(std::get<Pool>(layer.operation).window,
                                          layer.input_shape(), layer.output_shape);
    return {.forward = values, .backward = values};
  }

 protected:
  void write_members(const Pool& pool, nlohmann::ordered_json& layer) const override {
    write_window(pool.window, layer);
    if (pool.ceil_mode) layer["ceil_mode"] = true;
    if constexpr (requires { pool.count_padding; }) {
      if (pool.count_padding) layer["count_padding"] = true;
    }
  }

  void pad_same(Pool& pool, const FeatureShape& input) const override {
    wattgrind::pad_same(pool.window, input);
  }

  FeatureShape infer(const Pool& pool, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check_window(pool.window, inputs[0], place);
    const PoolAxis rows = vertical(pool.window, inputs[0]);
    const PoolAxis columns = horizontal(pool.window, inputs[0]);
    check_pooling_axis(rows, pool.ceil_mode, pool.window, place);
    check_pooling_axis(columns, pool.ceil_mode, pool.window, place);
    return {inputs[0].channels, outputs_of(rows, pool.ceil_mode),
            outputs_of(columns, pool.ceil_mode)};
  }

 private:
  std::string_view word_;
};

// An addition a value, and a division.
class GlobalAvgPool2dKind final : public LayerKindOf<GlobalAvgPool2d> {
 public:
  std::string_view word() const override { return "globalavgpool2d"; }

  OtherOperations other_operations(const Layer& layer) const override {
    const auto operations =
        static_cast<uint64_t>(layer.input_shape().elements() + layer.output_shape.elements());
    return {.forward = operations, .backward = operations};
  }

 protected:
  FeatureShape infer(const GlobalAvgPool2d&, std::span<const FeatureShape> inputs,
                     const LayerPlace&) const override {
    return {inputs[0].channels, 1, 1};
  }
};

}  // namespace

template <>
const LayerKind& kind_of<MaxPool2d>() {
  static const Pool2dKind<MaxPool2d> kKind("maxpool2d");
  return kKind;
}

template <>
const LayerKind& kind_of<AvgPool2d>() {
  static const Pool2dKind<AvgPool2d> kKind("avgpool2d");
  return kKind;
}

template <>
const LayerKind& kind_of<GlobalAvgPool2d>() {
  static const GlobalAvgPool2dKind kKind;
  return kKind;
}

}  // namespace wattgrind
