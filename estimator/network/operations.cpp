#include "estimator/network/operations.h"

#include <algorithm>
#include <type_traits>

namespace wattgrind {
namespace {

// Adds up over all outputs the positions of the window that lie inside the map, along one axis.
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

}  // namespace

uint64_t other_operations(const Layer& layer) {
  const auto outputs = static_cast<uint64_t>(layer.output_shape.elements());
  const auto inputs = static_cast<uint64_t>(layer.input_shape.elements());
  return std::visit(
      [&](const auto& operation) -> uint64_t {
        using T = std::decay_t<decltype(operation)>;
        if constexpr (std::is_same_v<T, Relu>) {
          return outputs;
        } else if constexpr (std::is_same_v<T, MaxPool2d> || std::is_same_v<T, AvgPool2d>) {
          return window_values(operation.window, layer.input_shape, layer.output_shape);
        } else if constexpr (std::is_same_v<T, GlobalAvgPool2d>) {
          return inputs + outputs;
        } else if constexpr (std::is_same_v<T, Lrn>) {
          return outputs * (2 * static_cast<uint64_t>(operation.size) + 3);
        } else if constexpr (std::is_same_v<T, Softmax>) {
          return outputs * 5;
        } else {
          return 0;
        }
      },
      layer.operation);
}

uint64_t other_backward_operations(const Layer& layer) {
  const auto outputs = static_cast<uint64_t>(layer.output_shape.elements());
  if (std::holds_alternative<Softmax>(layer.operation)) return outputs + 2;
  const bool has_bias = layer.parameters > 0;
  return has_bias ? outputs : other_operations(layer) + other_training_operations(layer);
}

uint64_t other_training_operations(const Layer& layer) {
  const bool is_dropout = std::holds_alternative<Dropout>(layer.operation);
  return is_dropout ? static_cast<uint64_t>(layer.output_shape.elements()) : 0;
}

}  // namespace wattgrind
