#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "estimator/base/checked_math.h"
#include "estimator/network/window.h"

namespace wattgrind {
namespace {

// A pooling window that saw padding alone would have no value.
void check_pooling_window(const Window2d& w, const FeatureShape& input, const LayerPlace& place) {
  check_window(w, input, place);
  if (std::max(w.pad_top, w.pad_bottom) >= w.kernel_height ||
      std::max(w.pad_left, w.pad_right) >= w.kernel_width) {
    place.reject("padding", "found [{}, {}, {}, {}], wanted less than the kernel, {}x{}", w.pad_top,
                 w.pad_left, w.pad_bottom, w.pad_right, w.kernel_height, w.kernel_width);
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

// Along one axis, the sum over outputs of the window positions inside the map.
uint64_t inside_positions(int64_t outputs, int64_t stride, int64_t kernel, int64_t pad,
                          int64_t extent) {
  const int64_t last_overhang = (outputs - 1) * stride - pad + kernel - extent;
  return static_cast<uint64_t>(outputs) * static_cast<uint64_t>(kernel) -
         outside_positions(outputs, stride, pad) -
         outside_positions(outputs, stride, last_overhang);
}

// Absent where 64 bits do not hold it.
std::optional<uint64_t> window_values(const Window2d& window, const FeatureShape& in,
                                      const FeatureShape& out) {
  return checked_product({static_cast<uint64_t>(out.channels),
                          inside_positions(out.height, window.stride_height, window.kernel_height,
                                           window.pad_top, in.height),
                          inside_positions(out.width, window.stride_width, window.kernel_width,
                                           window.pad_left, in.width)});
}

// Pooling does one operation a window value inside the map, and as many on the way back.
template <typename Pool>
class Pool2dKind final : public LayerKindOf<Pool> {
 public:
  explicit Pool2dKind(std::string_view word) : word_(word) {}

  std::string_view word() const override { return word_; }

  Operation read(const nlohmann::json& layer) const override {
    return Pool{read_window(layer, true)};
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
  }

  void pad_same(Pool& pool, const FeatureShape& input) const override {
    wattgrind::pad_same(pool.window, input);
  }

  FeatureShape infer(const Pool& pool, std::span<const FeatureShape> inputs,
                     const LayerPlace& place) const override {
    check_pooling_window(pool.window, inputs[0], place);
    return slide(pool.window, inputs[0].channels, inputs[0]);
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
