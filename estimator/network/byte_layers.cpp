#include "estimator/network/byte_layers.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace wattgrind {
namespace {

// The most products of a sum whose 32 bits cannot overflow: 255 times 128 each.
constexpr int64_t kMostProducts = INT32_MAX / (255 * 128);

template <typename... Kinds>
bool is_one_of(const Operation& operation) {
  return (std::holds_alternative<Kinds>(operation) || ...);
}

void check_scale(const ByteScale& bytes, const LayerPlace& place) {
  if (!(bytes.scale > 0) || !std::isfinite(bytes.scale)) {
    place.reject("int8.scale", "found {}, wanted a number above 0", bytes.scale);
  }
  if (bytes.zero_point < 0 || bytes.zero_point > UINT8_MAX) {
    place.reject("int8.zero_point", "found {}, wanted 0 to 255", bytes.zero_point);
  }
}

void check_inputs(const Layer& layer, const LayerPlace& place) {
  const bool is_quantize = std::holds_alternative<Quantize>(layer.operation);
  const bool wants_bytes =
      !is_quantize && (layer.int8 || std::holds_alternative<Dequantize>(layer.operation));
  for (const auto& bytes : layer.input_bytes) {
    if (wants_bytes && !bytes) {
      place.reject("int8", "layer {} reads a map of single precision: put a quantize layer before",
                   layer.name);
    }
    if (!wants_bytes && bytes) {
      place.reject(
          "int8", "layer {} reads a map of bytes and does not compute on them: {}", layer.name,
          is_quantize ? "leave it out" : "give its scale, or put a dequantize layer before");
    }
  }
}

void check_products(const Layer& layer, const LayerPlace& place) {
  if (layer.int8->weight_bits != 7 && layer.int8->weight_bits != 8) {
    place.reject("int8.weight_bits", "found {}, wanted 7 or 8", layer.int8->weight_bits);
  }
  const auto products = static_cast<int64_t>(
      layer.macs / static_cast<uint64_t>(std::max<int64_t>(1, layer.output_shape.elements())));
  if (products > kMostProducts) {
    place.reject("int8", "found sums of {} products, wanted at most {}, which 32 bits hold",
                 products, kMostProducts);
  }
}

}  // namespace

ByteWork byte_work(const Operation& operation) {
  if (is_one_of<Conv2d, Dense>(operation)) return ByteWork::kProduct;
  if (is_one_of<MaxPool2d, Flatten>(operation)) return ByteWork::kKept;
  if (const auto* reshape = std::get_if<Reshape>(&operation)) {
    return reshape->shape.is_vector() ? ByteWork::kKept : ByteWork::kNone;
  }
  if (const auto* binary = std::get_if<Binary>(&operation)) {
    const bool is_sum = binary->function == BinaryFunction::kAdd && !binary->scalar &&
                        binary->constant == FeatureShape{};
    return is_sum ? ByteWork::kRescaled : ByteWork::kNone;
  }
  const bool rescales =
      is_one_of<AvgPool2d, GlobalAvgPool2d, Relu, Clip, Concat, Quantize>(operation);
  return rescales ? ByteWork::kRescaled : ByteWork::kNone;
}

void check_bytes(const Layer& layer, const LayerPlace& place) {
  check_inputs(layer, place);
  const auto* dequantize = std::get_if<Dequantize>(&layer.operation);
  if (dequantize != nullptr && dequantize->as) check_scale(*dequantize->as, place);
  if (std::holds_alternative<Quantize>(layer.operation) && !(layer.int8 && layer.int8->output)) {
    place.reject("int8", "layer {}: found no scale and zero point, wanted them", layer.name);
  }
  if (!layer.int8) return;
  const ByteWork work = byte_work(layer.operation);
  if (work == ByteWork::kNone) {
    place.reject("int8",
                 "layer {}: {} computes in single precision alone: put a dequantize layer "
                 "before it",
                 layer.name, kind_name(layer.operation));
  }
  if (layer.int8->output) {
    check_scale(*layer.int8->output, place);
  } else if (work != ByteWork::kProduct) {
    place.reject("int8", "layer {}: found no scale and zero point, wanted them", layer.name);
  }
  if (work == ByteWork::kProduct) check_products(layer, place);
  if (work == ByteWork::kKept && layer.int8->output != layer.input_bytes[0]) {
    place.reject("int8",
                 "layer {} keeps its input's numbers: wanted the scale {} and zero point {}",
                 layer.name, layer.input_bytes[0]->scale, layer.input_bytes[0]->zero_point);
  }
  const bool is_unlike_sum = std::holds_alternative<Binary>(layer.operation) &&
                             layer.input_shapes[0] != layer.input_shapes[1];
  if (is_unlike_sum) {
    place.reject("int8", "layer {} adds maps of bytes of different shapes: dequantize them first",
                 layer.name);
  }
}

uint64_t conversion_operations(const Layer& layer) {
  constexpr uint64_t kToNumber = 3, kToValue = 2;
  const auto values = static_cast<uint64_t>(layer.output_shape.elements());
  if (std::holds_alternative<Dequantize>(layer.operation)) return kToValue * values;
  if (!layer.int8) return 0;
  const ByteWork work = byte_work(layer.operation);
  if (work == ByteWork::kKept) return 0;
  if (work == ByteWork::kProduct) return (layer.int8->output ? kToNumber : 1) * values;
  if (std::holds_alternative<Binary>(layer.operation)) return (2 * kToValue + kToNumber) * values;
  const bool agrees = std::ranges::all_of(
      layer.input_bytes, [&](const auto& bytes) { return bytes == layer.int8->output; });
  if (is_one_of<Relu, Clip, Concat>(layer.operation)) {
    return agrees ? 0 : (kToValue + kToNumber) * values;
  }
  return kToNumber * values;
}

bool has_bytes(const Network& network) {
  return std::ranges::any_of(network.layers,
                             [](const Layer& layer) { return layer.int8.has_value(); });
}

}  // namespace wattgrind
