#include <algorithm>
#include <array>
#include <limits>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/onnx/operators.h"

namespace wattgrind {
namespace {

using Members = std::vector<size_t>;

std::array<const Members*, 3> groups_of(const MapForm& form) {
  return {&form.channels, &form.height, &form.width};
}

// The constant's dimensions aligned with the view's axes, ones in front.
std::vector<int64_t> aligned(const Constant& constant, size_t rank) {
  std::vector<int64_t> dims(rank - std::min(rank, constant.dims().size()), 1);
  dims.insert(dims.end(), constant.dims().begin(), constant.dims().end());
  return dims;
}

// For each axis the extent that a constant takes in the map: whole or 1, alike in all axes of a
// group.
std::vector<int64_t> formed_extents(const std::vector<int64_t>& dims, const MapView& view,
                                    const MapForm& form) {
  std::vector<int64_t> extents(view.axes.size(), 1);
  for (const Members* members : groups_of(form)) {
    const bool is_whole = std::ranges::any_of(
        *members, [&](size_t axis) { return dims[axis] > 1 && view.map_extent(axis) > 1; });
    for (const size_t axis : *members) {
      if (is_whole) extents[axis] = view.map_extent(axis);
    }
  }
  return extents;
}

void check_constant_batch(const std::vector<int64_t>& dims, const MapView& view) {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 1 && dims[i] != view.map_extent(i)) {
      throw AcrossBatch{"a constant that differs between the images"};
    }
  }
}

void import_unary(NodeImport& node, const Activation& activation) {
  node.set(0, applied(node, activation, node.view(0)));
}

template <UnaryFunction kFunction>
void import_plain(NodeImport& node) {
  import_unary(node, {kFunction, 0, 0});
}

void import_relu(NodeImport& node) { node.set(0, applied(node, Relu{}, node.view(0))); }

void import_leaky_relu(NodeImport& node) {
  import_unary(node, {UnaryFunction::kLeakyRelu, double{node.number("alpha", 0.01F)}, 0});
}
void import_elu(NodeImport& node) {
  import_unary(node, {UnaryFunction::kElu, double{node.number("alpha", 1.0F)}, 0});
}
void import_selu(NodeImport& node) {
  import_unary(node,
               {UnaryFunction::kSelu, double{node.number("alpha", 1.67326319217681884765625F)},
                double{node.number("gamma", 1.05070102214813232421875F)}});
}
void import_hard_sigmoid(NodeImport& node) {
  import_unary(node, {UnaryFunction::kHardSigmoid, double{node.number("alpha", 0.2F)},
                      double{node.number("beta", 0.5F)}});
}
void import_gelu(NodeImport& node) {
  const bool is_tanh = node.word("approximate", "none") == "tanh";
  import_unary(node, {is_tanh ? UnaryFunction::kGeluTanh : UnaryFunction::kGelu, 0, 0});
}

void import_clip(NodeImport& node) {
  constexpr float kMost = std::numeric_limits<float>::max();
  float low = node.number("min", -kMost), high = node.number("max", kMost);
  const auto bound = [&](size_t input, float& value) {
    if (!node.has(input)) return;
    const auto number = known_number(node.tensor(input));
    if (!number) unsupported("bounds that are no single known number");
    value = static_cast<float>(*number);
  };
  bound(1, low);
  bound(2, high);
  low = std::clamp(low, -kMost, kMost);
  high = std::clamp(high, -kMost, kMost);
  if (low == 0 && high == kMost) {
    node.set(0, applied(node, Relu{}, node.view(0)));
  } else if (low >= high) {
    // All values become the upper bound.
    const MapView above = applied(node, Binary{BinaryFunction::kMaximum, {}, low}, node.view(0));
    node.set(0, applied(node, Binary{BinaryFunction::kMinimum, {}, high}, above));
  } else {
    node.set(0, applied(node, Clip{double{low}, double{high}}, node.view(0)));
  }
}

// The second operand as operators took it before set 7: its axes are those of the first from the
// attribute `axis` on, and a slope for each channel begins at the channels.
ModelTensor second_operand(NodeImport& node) {
  const bool is_slope = node.node().type == "PRelu";
  const auto rank = static_cast<int64_t>(node.dims(0).size());
  const auto own = static_cast<int64_t>(node.dims(1).size());
  const int64_t first = is_slope ? 1 : node.integer("axis", rank - own);
  const int64_t behind = rank - (first < 0 ? first + rank : first) - own;
  if (node.opset() >= 7 || behind <= 0) return node.tensor(1);
  if (node.is_constant(1)) {
    std::vector<int64_t> dims = node.dims(1);
    dims.insert(dims.end(), static_cast<size_t>(behind), 1);
    return reshaped(node.constant(1), dims);
  }
  MapView view = node.view(1);
  view.axes.insert(view.axes.end(), static_cast<size_t>(behind), ViewAxis{});
  return view;
}

template <BinaryFunction kFunction>
void import_binary(NodeImport& node) {
  node.set(0, combined(node, kFunction, node.tensor(0), second_operand(node)));
}

// Of any number of tensors.
template <BinaryFunction kFunction>
void import_many(NodeImport& node) {
  ModelTensor result = node.tensor(0);
  for (size_t i = 1; i < node.inputs(); ++i) {
    result = combined(node, kFunction, result, node.tensor(i));
  }
  node.set(0, std::move(result));
}

void import_mean(NodeImport& node) {
  ModelTensor sum = node.tensor(0);
  for (size_t i = 1; i < node.inputs(); ++i) {
    sum = combined(node, BinaryFunction::kAdd, sum, node.tensor(i));
  }
  const Constant count({}, std::vector<float>{static_cast<float>(node.inputs())});
  node.set(0, node.inputs() == 1 ? sum : combined(node, BinaryFunction::kDivide, sum, count));
}

void import_pow(NodeImport& node) {
  const auto exponent = known_number(node.tensor(1));
  if (exponent && !node.is_constant(0)) {
    import_unary(node, {UnaryFunction::kPower, *exponent, 0});
  } else {
    import_binary<BinaryFunction::kPower>(node);
  }
}

// A mask known beforehand: first * mask + second * (1 - mask).
void import_where(NodeImport& node) {
  const Constant& mask = node.constant(0);
  std::vector<float> yes, no;
  if (mask.has_values()) {
    for (const float value : mask.floats()) {
      yes.push_back(value != 0 ? 1.0F : 0.0F);
      no.push_back(value != 0 ? 0.0F : 1.0F);
    }
  }
  const auto masked = [&](size_t input, std::vector<float> factors) -> ModelTensor {
    const Constant constant = mask.has_values() ? Constant(mask.dims(), std::move(factors))
                                                : Constant::absent(mask.dims(), false);
    if (!node.is_constant(input)) {
      return combined(node, BinaryFunction::kMultiply, node.tensor(input), constant);
    }
    const auto number = known_number(node.tensor(input));
    if (!number || !constant.has_values()) unsupported("a choice between constants of many values");
    std::vector<float> values = constant.floats();
    for (float& value : values) value = value == 0 ? 0 : static_cast<float>(*number) * value;
    return Constant(constant.dims(), std::move(values));
  };
  node.set(0, combined(node, BinaryFunction::kAdd, masked(1, yes), masked(2, no)));
}

// The map's bias, where a convolution or dense layer made it for this node alone and has none yet.
bool becomes_bias(NodeImport& node, const MapView& view, const FormedConstant& constant) {
  GraphImport& graph = node.graph();
  if (!graph.has_layer(view.source) || !view.is_whole() || constant.shape.height != 1 ||
      constant.shape.width != 1 || constant.shape.channels != view.shape.channels) {
    return false;
  }
  for (const LayerSpec& layer : graph.spec().layers) {
    if (std::ranges::find(layer.inputs, view.source) != layer.inputs.end()) return false;
  }
  for (const std::string& input : node.node().inputs) {
    const ModelTensor* tensor = graph.find(input);
    const auto* map = tensor == nullptr ? nullptr : std::get_if<MapView>(tensor);
    if (map != nullptr && map->source == view.source && graph.readers(input) != 1) return false;
  }
  if (graph.tensors_of(view.source) != 1) return false;
  Operation& operation = graph.operation_of(view.source);
  bool* bias = nullptr;
  if (auto* conv = std::get_if<Conv2d>(&operation)) bias = &conv->bias;
  if (auto* dense = std::get_if<Dense>(&operation)) bias = &dense->bias;
  if (bias == nullptr || *bias) return false;
  *bias = true;
  graph.parameters_of(view.source).bias = constant.values;
  return true;
}

MapView combined_with_constant(NodeImport& node, BinaryFunction function, const MapView& map,
                               const Constant& constant, bool reversed) {
  const auto dims = broadcast(map.dims(), constant.dims());
  if (!dims) fail(ErrorKind::kInput, "found shapes that do not broadcast against each other");
  const MapView view = node.graph().settled(expanded(map, *dims));
  if (const auto number = known_number(constant)) {
    return applied(node, Binary{function, {}, *number, reversed}, view);
  }
  const auto natural = view.natural_form();
  CHECK(natural.has_value(), "{}: a map without a form", view.source);
  const FormedConstant formed = formed_constant(node, constant, view, *natural);
  if (function == BinaryFunction::kAdd && becomes_bias(node, view, formed)) return view;
  const MapView layer =
      node.add_layer(Binary{function, formed.shape, std::nullopt, reversed}, view);
  node.graph().set_parameters(layer.source, {formed.values, {}, {}});
  MapView result = view;
  result.source = layer.source;
  return result;
}

// Where a group has axes of one value beside whole ones, the view repeats them.
MapView evened(const MapView& view, const MapForm& form, const std::vector<int64_t>& whole) {
  std::vector<int64_t> dims = view.dims();
  for (const Members* members : groups_of(form)) {
    const bool is_whole =
        std::ranges::any_of(*members, [&](size_t axis) { return view.map_extent(axis) > 1; });
    for (const size_t axis : *members) {
      if (is_whole && view.map_extent(axis) == 1) dims[axis] = dims[axis] * whole[axis];
    }
  }
  return expanded(view, dims);
}

MapView combined_maps(NodeImport& node, BinaryFunction function, const MapView& first,
                      const MapView& second) {
  const size_t rank = std::max(first.axes.size(), second.axes.size());
  const std::vector<int64_t> ones(rank, 1);
  const MapView a = expanded(first, ones), b = expanded(second, ones);
  std::vector<int64_t> whole;  // extents of the result, without the batch
  for (size_t i = 0; i < rank; ++i) {
    const int64_t x = a.map_extent(i), y = b.map_extent(i);
    if (x != y && x != 1 && y != 1) {
      fail(ErrorKind::kInput, "found shapes that do not broadcast: {} and {} along axis {}", x, y,
           i);
    }
    whole.push_back(std::max(x, y));
  }
  const MapView& larger = product(b.map_dims()) > product(a.map_dims()) ? b : a;
  MapForm form = larger.natural_form().value_or(larger.tokens_form());
  for (size_t i = 0; i < rank; ++i) {
    const auto holds = [&](const Members* members) {
      return std::ranges::find(*members, i) != members->end();
    };
    if (whole[i] > 1 && std::ranges::none_of(groups_of(form), holds)) form = larger.tokens_form();
  }
  GraphImport& graph = node.graph();
  const MapView x = graph.as_map(evened(a, form, whole), form);
  const MapView y = graph.as_map(evened(b, form, whole), form);
  const MapView layer = node.add_layer(Binary{function}, {x.source, y.source});
  MapView like = a;
  for (size_t i = 0; i < rank; ++i) {
    if (!a.has_batch(i) && b.has_batch(i)) like.axes[i] = b.axes[i];
  }
  return whole_view(layer.source, layer.shape, like, form, whole);
}

}  // namespace

std::optional<double> known_number(const ModelTensor& tensor) {
  const auto* constant = std::get_if<Constant>(&tensor);
  if (constant == nullptr || !constant->has_values() || constant->elements() != 1) {
    return std::nullopt;
  }
  return double{constant->floats().front()};
}

FormedConstant formed_constant(NodeImport& node, const Constant& constant, const MapView& view,
                               const MapForm& form) {
  const std::vector<int64_t> dims = aligned(constant, view.axes.size());
  check_constant_batch(dims, view);
  const std::vector<int64_t> extents = formed_extents(dims, view, form);
  FormedConstant formed{{1, 1, 1}, {}};
  std::vector<size_t> order;
  const std::array<int64_t*, 3> sides = {&formed.shape.channels, &formed.shape.height,
                                         &formed.shape.width};
  for (size_t i = 0; i < 3; ++i) {
    for (const size_t axis : *groups_of(form)[i]) {
      *sides[i] *= extents[axis];
      order.push_back(axis);
    }
  }
  for (size_t i = 0; i < extents.size(); ++i) {
    if (std::ranges::find(order, i) == order.end()) order.push_back(i);
  }
  if (node.graph().needs_values() && constant.has_values()) {
    formed.values = transposed(expanded(reshaped(constant, dims), extents), order).floats();
  }
  return formed;
}

ModelTensor combined(NodeImport& node, BinaryFunction function, const ModelTensor& first,
                     const ModelTensor& second) {
  const auto* a = std::get_if<MapView>(&first);
  const auto* b = std::get_if<MapView>(&second);
  if (a != nullptr && b != nullptr) return combined_maps(node, function, *a, *b);
  if (a != nullptr) {
    return combined_with_constant(node, function, *a, std::get<Constant>(second), false);
  }
  if (b != nullptr) {
    return combined_with_constant(node, function, *b, std::get<Constant>(first), true);
  }
  unsupported("two constants whose values are not there");
}

MapView applied(NodeImport& node, const Operation& operation, const MapView& view) {
  MapView result = view.is_whole() ? view : node.graph().settled(view);
  result.source = node.add_layer(operation, result).source;
  return result;
}

std::vector<NamedOperator> elementwise_operators() {
  return {{"Relu", import_relu},
          {"LeakyRelu", import_leaky_relu},
          {"Elu", import_elu},
          {"Selu", import_selu},
          {"Sigmoid", import_plain<UnaryFunction::kSigmoid>},
          {"HardSigmoid", import_hard_sigmoid},
          {"Tanh", import_plain<UnaryFunction::kTanh>},
          {"Swish", import_plain<UnaryFunction::kSwish>},
          {"HardSwish", import_plain<UnaryFunction::kHardSwish>},
          {"Gelu", import_gelu},
          {"Softplus", import_plain<UnaryFunction::kSoftplus>},
          {"Softsign", import_plain<UnaryFunction::kSoftsign>},
          {"Exp", import_plain<UnaryFunction::kExp>},
          {"Log", import_plain<UnaryFunction::kLog>},
          {"Sqrt", import_plain<UnaryFunction::kSqrt>},
          {"Erf", import_plain<UnaryFunction::kErf>},
          {"Abs", import_plain<UnaryFunction::kAbs>},
          {"Neg", import_plain<UnaryFunction::kNegative>},
          {"Reciprocal", import_plain<UnaryFunction::kReciprocal>},
          {"Clip", import_clip},
          {"PRelu", import_binary<BinaryFunction::kPrelu>},
          {"Add", import_binary<BinaryFunction::kAdd>},
          {"Sub", import_binary<BinaryFunction::kSubtract>},
          {"Mul", import_binary<BinaryFunction::kMultiply>},
          {"Div", import_binary<BinaryFunction::kDivide>},
          {"Sum", import_many<BinaryFunction::kAdd>},
          {"Max", import_many<BinaryFunction::kMaximum>},
          {"Min", import_many<BinaryFunction::kMinimum>},
          {"Mean", import_mean},
          {"Pow", import_pow},
          {"Where", import_where}};
}

}  // namespace wattgrind
