#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "estimator/base/checked_math.h"
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
  if (axis.dilation == 1) return;
  // Windows that start inside the map see their first tap.
  for (int64_t o = 0; o * axis.stride < axis.pad_before && o < outputs_of(axis, ceil_mode); ++o) {
    if (taps_inside(axis, o) == 0) {
      place.reject("dilation", "found {}x{}, by which a window sees padding alone",
                   w.dilation_height, w.dilation_width);
    }
  }
}

// Along one axis, the sum over outputs of the window positions that lie outside the map on the side
// where the outermost window does so by `overhang`; each next one does by a stride less.
uint64_t outside_positions(int64_t outputs, int64_t stride, int64_t overhang) {
  if (overhang <= 0) return 0;
  const auto windows = static_cast<uint64_t>(std::min(outputs, (overhang + stride - 1) / stride));
  return windows * static_cast<uint64_t>(overhang) -
         static_cast<uint64_t>(stride) * (windows * (windows - 1) / 2);
}

// Along one axis, the outputs whose windows have the tap inside the map.
int64_t outputs_with_tap(const PoolAxis& axis, int64_t outputs, int64_t tap) {
  const int64_t first = tap * axis.dilation - axis.pad_before;  // the first output's
  const auto below = [&](int64_t end) {
    return end <= first ? 0 : std::min(outputs, (end - first - 1) / axis.stride + 1);
  };
  return below(axis.extent) - below(0);
}

uint64_t taps_inside_all(const PoolAxis& axis, int64_t outputs) {
  if (axis.dilation == 1) {
    const int64_t overhang =
        (outputs - 1) * axis.stride - axis.pad_before + axis.kernel - axis.extent;
    return static_cast<uint64_t>(outputs) * static_cast<uint64_t>(axis.kernel) -
           outside_positions(outputs, axis.stride, axis.pad_before) -
           outside_positions(outputs, axis.stride, overhang);
  }
  uint64_t taps = 0;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    taps += static_cast<uint64_t>(outputs_with_tap(axis, outputs, tap));
  }
  return taps;
}

// Absent where 64 bits do not hold it.
std::optional<uint64_t> window_values(const Window2d& window, const FeatureShape& in,
                                      const FeatureShape& out) {
  return checked_product({static_cast<uint64_t>(out.channels),
                          taps_inside_all(vertical(window, in), out.height),
                          taps_inside_all(horizontal(window, in), out.width)});
}

// Pooling does one operation a window value inside the map, and as many on the way back.
template <typename Pool>
class Pool2dKind final : public LayerKindOf<Pool> {
 public:
  explicit Pool2dKind(std::string_view word) : word_(word) {}

  std::string_view word() const override { return word_; }

  // A largest value is found again by comparing.
  GradientReads gradient_reads(const Operation&) const override {
    constexpr bool kIsMax = std::is_same_v<Pool, MaxPool2d>;
    return {.input = kIsMax, .output = kIsMax};
  }

  Operation read(const nlohmann::json& layer) const override {
    Pool pool{read_window(layer, true), layer.value("ceil_mode", false)};
    if constexpr (requires { pool.count_padding; }) {
      pool.count_padding = layer.value("count_padding", false);
    }
    return pool;
  }

  LayerWork work(const Layer& layer, const LayerPlace& place) const override {
    if (!values(layer)) place.reject("kernel", "its operations overflow 64 bits: make it smaller");
    return {};
  }

  OtherOperations other_operations(const Layer& layer) const override {
    const uint64_t found = values(layer).value();
    return {.forward = found, .backward = found};
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
  static std::optional<uint64_t> values(const Layer& layer) {
    return window_values(std::get<Pool>(layer.operation).window, layer.input_shape(),
                         layer.output_shape);
  }

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
