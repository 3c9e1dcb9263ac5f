#include "estimator/models/layer_point.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/network/operations.h"
#include "estimator/network/unary_functions.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, 8> kConvSizes = {
    "batch", "in_channels", "in_size", "kernel", "stride", "padding", "out_channels", "out_size"};
constexpr std::array<std::string_view, 7> kPoolSizes = {
    "batch", "in_channels", "in_size", "kernel", "stride", "padding", "out_size"};
constexpr std::array<std::string_view, 3> kDenseSizes = {"batch", "inputs", "units"};
constexpr std::array<std::string_view, 4> kMatmulSizes = {"batch", "rows", "inner", "columns"};
constexpr std::array<std::string_view, 2> kOtherSizes = {"batch", "elements"};

double mean_of(int64_t a, int64_t b) {
  return std::sqrt(static_cast<double>(a) * static_cast<double>(b));
}

double size_of(const FeatureShape& shape) { return mean_of(shape.height, shape.width); }

const Window2d* window_of(const Operation& operation) {
  if (const auto* conv = std::get_if<Conv2d>(&operation)) return &conv->window;
  if (const auto* pool = std::get_if<MaxPool2d>(&operation)) return &pool->window;
  if (const auto* pool = std::get_if<AvgPool2d>(&operation)) return &pool->window;
  return nullptr;
}

double named_size(const Layer& layer, std::string_view name) {
  const FeatureShape& input = layer.input_shape();
  const FeatureShape& output = layer.output_shape;
  if (name == "in_channels") return static_cast<double>(input.channels);
  if (name == "out_channels" || name == "units" || name == "columns") {
    return static_cast<double>(output.channels);
  }
  if (name == "in_size") return size_of(input);
  if (name == "out_size") return size_of(output);
  if (name == "inputs" || name == "elements") return static_cast<double>(input.elements());
  if (name == "inner") return static_cast<double>(input.channels);
  if (name == "rows") return static_cast<double>(output.height * output.width);
  const Window2d& window = *window_of(layer.operation);
  if (name == "kernel") return mean_of(window.kernel_height, window.kernel_width);
  if (name == "stride") return mean_of(window.stride_height, window.stride_width);
  CHECK(name == "padding", "size {}", name);
  return static_cast<double>(window.pad_top + window.pad_left + window.pad_bottom +
                             window.pad_right) /
         4;
}

}  // namespace

double LayerPoint::size(std::string_view name) const {
  const auto names = size_names(kind);
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? 0 : sizes[static_cast<size_t>(found - names.begin())];
}

std::span<const std::string_view> size_names(std::string_view kind) {
  if (kind == "conv2d" || kind == "depthwise_conv2d") return kConvSizes;
  if (kind == "maxpool2d" || kind == "avgpool2d") return kPoolSizes;
  if (kind == "dense") return kDenseSizes;
  if (kind == "matmul") return kMatmulSizes;
  return kOtherSizes;
}

std::string layer_model_kind(const Layer& layer) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.operation)) {
    if (is_depthwise(*conv, layer.input_shape().channels)) return "depthwise_conv2d";
  }
  if (const auto* activation = std::get_if<Activation>(&layer.operation)) {
    return std::string(traits(activation->function).word);
  }
  return std::string(kind_name(layer.operation));
}

LayerPoint layer_point(const Layer& layer, uint64_t batch) {
  LayerPoint point;
  point.kind = layer_model_kind(layer);
  const auto images = static_cast<double>(batch);
  for (const std::string_view name : size_names(point.kind)) {
    point.sizes.push_back(name == "batch" ? images : named_size(layer, name));
  }
  LayerAmounts& amounts = point.amounts;
  for (const FeatureShape& shape : layer.input_shapes) {
    amounts.input_elements += images * static_cast<double>(shape.elements());
  }
  amounts.output_elements = images * static_cast<double>(layer.output_shape.elements());
  amounts.parameters = static_cast<double>(layer.parameters);
  const uint64_t operations = layer.macs > 0 ? layer.macs : other_operations(layer);
  amounts.operations =
      operations > 0 ? images * static_cast<double>(operations) : amounts.output_elements;
  return point;
}

bool is_free(const Layer& layer) {
  return std::holds_alternative<Dropout>(layer.operation) ||
         std::holds_alternative<Flatten>(layer.operation) ||
         std::holds_alternative<Reshape>(layer.operation);
}

}  // namespace wattgrind
