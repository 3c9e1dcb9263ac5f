#include <algorithm>
#include <nlohmann/json.hpp>

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

// Sum over outputs of the window positions inside the map, along one axis.
uint64_t inside_positions(int64_t outputs, int64_t stride, int64_t kernel, int64_t pad,
                          int64_t extent) {
  int64_t positions = 0;
  for (int64_t o = 0; o < outputs; ++o) {
    const int64_t start = o * stride - pad;
    positions += std::min(start + kernel, extent) - std::max<int64_t>(start, 0);
  }
  return static_cast<uint64_t>(positions);
}

uint64_t window_values(const Window2d& window, const FeatureShape& in, const FeatureShape& out) {
  return static_cast<uint64_t>(out.channels) *
         inside_positions(out.height, window.stride_height, window.kernel_height, window.pad_top,
                          in.height) *
         inside_positions(out.width, window.stride_width, window.kernel_width, window.pad_left,
                          in.width);
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

  OtherOperations other_operations(const Layer& layer) const override {
    const uint64_t values = window_values(std::get<Pool>(layer.operation).window,
                                          layer.input_shape(), layer.output_shape);
    return {.forward = values, .backward = values};
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
