// Operators on quantised tensors. A tensor of whole numbers that stand for values is a map of these
// values, and its scale is kept beside it (GraphImport::quantization_of).
#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

constexpr int kSignedZero = 128;  // what signed numbers are moved by to be unsigned

// The element type of a constant tensor of the model.
OnnxType type_of(const GraphImport& graph, const std::string& name) {
  const OnnxModel& model = graph.model();
  if (const auto found = model.initializers.find(name); found != model.initializers.end()) {
    return found->second.type;
  }
  for (const OnnxGraphValue& input : model.inputs) {
    if (input.name == name) return input.type;
  }
  for (const OnnxNode& node : model.nodes) {
    if (node.type != "Constant" || node.outputs.empty() || node.outputs[0] != name) continue;
    for (const auto& [key, attribute] : node.attributes) {
      if (const auto* tensor = std::get_if<OnnxTensor>(&attribute.value)) return tensor->type;
    }
  }
  return OnnxType::kUint8;
}

bool is_byte_type(OnnxType type) { return type == OnnxType::kUint8 || type == OnnxType::kInt8; }

// A scale and zero point of a map, as inputs `scale` and `zero` of the node give them.
QuantizedTensor quantization(NodeImport& node, size_t scale, size_t zero) {
  const Constant& scales = node.constant(scale);
  if (scales.elements() != 1) unsupported("a map with {} scales", scales.elements());
  QuantizedTensor result;
  const OnnxType type =
      node.has(zero) ? type_of(node.graph(), node.node().inputs[zero]) : OnnxType::kUint8;
  if (!is_byte_type(type)) unsupported("numbers of type {}, wanted 8 bits", to_string(type));
  result.is_signed = type == OnnxType::kInt8;
  result.bytes.scale = scales.has_values() ? scales.floats().front() : 1.0f;
  const bool has_zero = node.has(zero) && node.constant(zero).has_values();
  const int64_t own = has_zero ? node.constant(zero).integers().front() : 0;
  result.bytes.zero_point = static_cast<int>(own) + (result.is_signed ? kSignedZero : 0);
  if (!(result.bytes.scale > 0)) {
    fail(ErrorKind::kInput, "found a scale of {}, wanted a number above 0", result.bytes.scale);
  }
  return result;
}

// What a tensor's numbers stand for where they are values of their own.
ByteScale plain_numbers(bool is_signed) { return {1, is_signed ? kSignedZero : 0}; }

// The values that the bytes of a map of values hold.
MapView through_bytes(NodeImport& node, const MapView& values, const ByteScale& bytes,
                      std::optional<ByteScale> as) {
  const MapView quantized = applied(node, Quantize{}, values);
  node.graph().set_int8(quantized.source, Int8Layer{bytes, 8});
  return applied(node, Dequantize{as}, quantized);
}

ModelTensor with_number(NodeImport& node, BinaryFunction function, const ModelTensor& tensor,
                        float number) {
  return combined(node, function, tensor, Constant({}, std::vector<float>{number}));
}

// The values of a quantised map that the node reads as having the scale given.
MapView dequantized_map(NodeImport& node, size_t input, const QuantizedTensor& read) {
  const std::string& name = node.node().inputs[input];
  const MapView& view = node.view(input);
  const QuantizedTensor* const made = node.graph().quantization_of(name);
  if (made != nullptr && made->bytes == read.bytes) return view;
  ModelTensor values = view;
  if (made != nullptr) {
    // The same numbers, with another meaning.
    values = through_bytes(node, view, made->bytes, read.bytes);
  } else {
    // Numbers as they came into the network.
    const int zero = read.bytes.zero_point - (read.is_signed ? kSignedZero : 0);
    if (zero != 0) {
      values = with_number(node, BinaryFunction::kSubtract, values, static_cast<float>(zero));
    }
    if (read.bytes.scale != 1) {
      values = with_number(node, BinaryFunction::kMultiply, values, read.bytes.scale);
    }
  }
  return through_bytes(node, std::get<MapView>(values), read.bytes, std::nullopt);
}

// Along an axis each channel has its scale: they are quantised one by one.
void quantize_by_axis(NodeImport& node) {
  constexpr int64_t kMostParts = 64;
  const MapView& view = node.view(0);
  const size_t axis = normal_axis(node.integer("axis", 1), view.axes.size(), "attribute axis");
  const std::vector<float>& scales = node.constant(1).floats();
  const auto parts = static_cast<int64_t>(scales.size());
  if (parts != view.extent(axis)) {
    fail(ErrorKind::kInput, "found {} scales for {} channels", parts, view.extent(axis));
  }
  if (parts > kMostParts) unsupported("a map with more than {} scales", kMostParts);
  const bool is_signed =
      node.has(2) && type_of(node.graph(), node.node().inputs[2]) == OnnxType::kInt8;
  std::vector<MapView> numbers;
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t zero = node.has(2) ? node.constant(2).integers()[static_cast<size_t>(i)] : 0;
    const ByteScale bytes{scales[static_cast<size_t>(i)],
                          static_cast<int>(zero) + (is_signed ? kSignedZero : 0)};
    numbers.push_back(
        through_bytes(node, cut(node, view, axis, i, 1, 1), bytes, plain_numbers(is_signed)));
  }
  node.set(0, joined_along(node, numbers, axis));
}

void import_quantize_linear(NodeImport& node) {
  if (node.constant(1).elements() > 1) return quantize_by_axis(node);
  const QuantizedTensor made = quantization(node, 1, 2);
  node.set(0, through_bytes(node, node.view(0), made.bytes, std::nullopt));
  node.graph().set_quantization(node.node().outputs.at(0), made);
}

void import_dequantize_linear(NodeImport& node) {
  node.set(0, dequantized_map(node, 0, quantization(node, 1, 2)));
}

// Weights as values, with their scales; `axis` counts their outputs.
struct DequantizedWeights {
  Constant values;
  std::vector<float> scales;
  bool fits = true;  // in signed bytes
};

DequantizedWeights dequantized(NodeImport& node, size_t input, std::optional<size_t> scale,
                               size_t zero, int64_t axis) {
  const Constant& numbers = node.constant(input);
  DequantizedWeights result{Constant::absent(numbers.dims(), false), {1.0f}, true};
  if (scale && node.constant(*scale).has_values()) result.scales = node.constant(*scale).floats();
  std::vector<int64_t> zeros = {0};
  if (node.has(zero) && node.constant(zero).has_values()) zeros = node.constant(zero).integers();
  const bool is_unsigned =
      node.has(zero) && type_of(node.graph(), node.node().inputs[zero]) == OnnxType::kUint8;
  for (const int64_t own : zeros) result.fits &= own == (is_unsigned ? kSignedZero : 0);
  const std::vector<int64_t>& dims = numbers.dims();
  const size_t along = dims.empty() ? 0 : normal_axis(axis, dims.size(), "attribute axis");
  const auto extent = dims.empty() ? size_t{1} : static_cast<size_t>(dims[along]);
  for (const size_t count : {result.scales.size(), zeros.size()}) {
    if (count != 1 && count != extent) {
      fail(ErrorKind::kInput, "found {} scales or zero points for {} outputs", count, extent);
    }
  }
  if (!numbers.has_values()) return result;
  const auto inner =
      static_cast<size_t>(dims.empty() ? 1 : product(std::span(dims).subspan(along + 1)));
  std::vector<float> values;
  const std::vector<int64_t>& integers = numbers.integers();
  int64_t low = 0, high = 0;
  for (size_t i = 0; i < integers.size(); ++i) {
    const size_t channel = i / inner % extent;
    const int64_t number = integers[i] - zeros[zeros.size() == 1 ? 0 : channel];
    low = std::min(low, number);
    high = std::max(high, number);
    values.push_back(static_cast<float>(number) *
                     result.scales[result.scales.size() == 1 ? 0 : channel]);
  }
  // Numbers that happen to fit do, whatever their zero point.
  result.fits = low >= INT8_MIN && high <= INT8_MAX;
  result.values = Constant(dims, std::move(values));
  return result;
}

// A node that reads tensors made here instead of the original's.
class StandIn {
 public:
  StandIn(NodeImport& node, std::string type) : node_(node) {
    stand_in_ = node.node();
    stand_in_.type = std::move(type);
    stand_in_.inputs.clear();
    stand_in_.outputs = {node.node().outputs.at(0) + "/sums"};
  }

  void add(ModelTensor tensor) {
    std::string name = stand_in_.outputs[0] + "/" + std::to_string(stand_in_.inputs.size());
    node_.graph().set(name, std::move(tensor));
    stand_in_.inputs.push_back(std::move(name));
  }
  void add(const DequantizedWeights& weights) {
    add(ModelTensor(weights.values));
    if (weights.fits) {
      node_.graph().set_weight_scales(stand_in_.inputs.back(), weights.scales);
    }
  }

  const ModelTensor& result() {
    NodeImport import(node_.graph(), stand_in_);
    find_operator(stand_in_.type)(import);
    node_.graph().note_weights(stand_in_);
    return *node_.graph().find(stand_in_.outputs[0]);
  }

 private:
  NodeImport& node_;
  OnnxNode stand_in_;
};

void set_quantized(NodeImport& node, const ModelTensor& values, size_t scale, size_t zero) {
  const QuantizedTensor made = quantization(node, scale, zero);
  node.set(0, through_bytes(node, std::get<MapView>(values), made.bytes, std::nullopt));
  node.graph().set_quantization(node.node().outputs.at(0), made);
}

void import_qlinear_conv(NodeImport& node) {
  const QuantizedTensor input = quantization(node, 1, 2);
  StandIn conv(node, "Conv");
  conv.add(dequantized_map(node, 0, input));
  const DequantizedWeights weights = dequantized(node, 3, 4, 5, 0);
  conv.add(weights);
  if (node.has(8)) {
    const Constant& numbers = node.constant(8);
    Constant bias = Constant::absent(numbers.dims(), false);
    if (numbers.has_values()) {
      std::vector<float> values;
      for (const int64_t number : numbers.integers()) {
        const size_t channel = weights.scales.size() == 1 ? 0 : values.size();
        values.push_back(static_cast<float>(static_cast<double>(number) * input.bytes.scale *
                                            weights.scales.at(channel)));
      }
      bias = Constant(numbers.dims(), std::move(values));
    }
    conv.add(ModelTensor(bias));
  }
  set_quantized(node, conv.result(), 6, 7);
}

void import_qlinear_matmul(NodeImport& node) {
  StandIn product(node, "MatMul");
  product.add(dequantized_map(node, 0, quantization(node, 1, 2)));
  if (node.is_constant(3)) {
    product.add(dequantized(node, 3, 4, 5, -1));
  } else {
    product.add(dequantized_map(node, 3, quantization(node, 4, 5)));
  }
  set_quantized(node, product.result(), 6, 7);
}

// Numbers less their zero point are values here.
QuantizedTensor plain_quantization(NodeImport& node, size_t input, size_t zero) {
  QuantizedTensor result;
  const std::string& typed = node.node().inputs[node.has(zero) ? zero : input];
  result.is_signed = type_of(node.graph(), typed) == OnnxType::kInt8;
  const int64_t own = node.has(zero) && node.constant(zero).has_values()
                          ? node.constant(zero).integers().front()
                          : 0;
  if (node.has(zero) && node.constant(zero).elements() != 1) unsupported("several zero points");
  result.bytes = {1, static_cast<int>(own) + (result.is_signed ? kSignedZero : 0)};
  return result;
}

void import_integer_product(NodeImport& node, const char* type, int64_t axis) {
  StandIn product(node, type);
  product.add(dequantized_map(node, 0, plain_quantization(node, 0, 2)));
  if (node.is_constant(1)) {
    product.add(dequantized(node, 1, std::nullopt, 3, axis));
  } else {
    product.add(dequantized_map(node, 1, plain_quantization(node, 1, 3)));
  }
  node.set(0, product.result());
}

void import_conv_integer(NodeImport& node) { import_integer_product(node, "Conv", 0); }
void import_matmul_integer(NodeImport& node) { import_integer_product(node, "MatMul", -1); }

}  // namespace

bool fold_quantization(NodeImport& node) {
  const std::string& type = node.node().type;
  if (type == "DequantizeLinear") {
    const DequantizedWeights weights = dequantized(node, 0, 1, 2, node.integer("axis", 1));
    node.set(0, weights.values);
    if (weights.fits) node.graph().set_weight_scales(node.node().outputs.at(0), weights.scales);
    return true;
  }
  if (type != "QuantizeLinear") return false;
  const Constant& values = node.constant(0);
  const bool is_signed =
      node.has(2) && type_of(node.graph(), node.node().inputs[2]) == OnnxType::kInt8;
  if (!values.has_values()) {
    node.set(0, Constant::absent(values.dims(), true));
    return true;
  }
  const std::vector<float>& scales = node.constant(1).floats();
  std::vector<int64_t> zeros = {0};
  if (node.has(2)) zeros = node.constant(2).integers();
  const std::vector<int64_t>& dims = values.dims();
  const size_t along =
      dims.empty() ? 0 : normal_axis(node.integer("axis", 1), dims.size(), "attribute axis");
  const auto inner =
      static_cast<size_t>(dims.empty() ? 1 : product(std::span(dims).subspan(along + 1)));
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < values.floats().size(); ++i) {
    const size_t channel = i / inner % std::max(scales.size(), zeros.size());
    const float scaled = values.floats()[i] / scales.at(scales.size() == 1 ? 0 : channel);
    const auto number =
        static_cast<int64_t>(std::nearbyint(scaled)) + zeros.at(zeros.size() == 1 ? 0 : channel);
    numbers.push_back(is_signed ? std::clamp<int64_t>(number, INT8_MIN, INT8_MAX)
                                : std::clamp<int64_t>(number, 0, UINT8_MAX));
  }
  node.set(0, Constant(dims, std::move(numbers)));
  return true;
}

MapView numbers_of(NodeImport& node, const MapView& values, const QuantizedTensor& made) {
  return through_bytes(node, values, made.bytes, plain_numbers(made.is_signed));
}

std::vector<NamedOperator> quantized_operators() {
  return {
      {"QuantizeLinear", import_quantize_linear}, {"DequantizeLinear", import_dequantize_linear},
      {"QLinearConv", import_qlinear_conv},       {"QLinearMatMul", import_qlinear_matmul},
      {"ConvInteger", import_conv_integer},       {"MatMulInteger", import_matmul_integer}};
}

}  // namespace wattgrind
