#include "estimator/onnx/graph_import.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/layer_kind.h"

namespace wattgrind {
namespace {

// A shape, or what a copy is made of, as text.
std::string text_of(const ViewAxis& factors) {
  std::string text;
  for (const AxisFactor& factor : factors) {
    text += fmt::format("{}:{}:{},", factor.extent, static_cast<int>(factor.axis), factor.step);
  }
  return text + ";";
}

std::vector<RearrangeFactor> rearrange_factors(const ViewAxis& factors) {
  std::vector<RearrangeFactor> result;
  for (const AxisFactor& factor : factors) {
    result.push_back({factor.extent, factor.axis, factor.step});
  }
  return result;
}

// The slice that a copy is where it moves along one axis alone; absent where it does more.
std::optional<Slice> as_slice(const MapView& view, const Rearrange& copy) {
  const auto whole = [](const std::vector<RearrangeFactor>& factors, MapAxis axis, int64_t extent) {
    if (extent == 1) return factors.empty();
    return factors.size() == 1 && factors[0].axis == axis && factors[0].extent == extent &&
           factors[0].step == 1;
  };
  struct Side {
    MapAxis axis;
    const std::vector<RearrangeFactor>& factors;
    int64_t first, extent;
  };
  const std::array<Side, 3> sides = {
      Side{MapAxis::kChannels, copy.channels, copy.first_channel, view.shape.channels},
      Side{MapAxis::kHeight, copy.height, copy.first_row, view.shape.height},
      Side{MapAxis::kWidth, copy.width, copy.first_column, view.shape.width}};
  std::optional<Slice> slice;
  for (const Side& side : sides) {
    if (whole(side.factors, side.axis, side.extent) && side.first == 0) continue;
    const bool is_one_value = side.factors.empty();
    if (slice || side.factors.size() > 1 || (!is_one_value && side.factors[0].axis != side.axis) ||
        (!is_one_value && side.factors[0].step == 0)) {
      return std::nullopt;
    }
    slice = is_one_value
                ? Slice{side.axis, side.first, 1, 1}
                : Slice{side.axis, side.first, side.factors[0].extent, side.factors[0].step};
  }
  return slice;
}

// The copy as the layer that says best what it does.
Operation copy_operation(const MapView& view, const MapForm& form) {
  Rearrange copy{view.first[0],
                 view.first[1],
                 view.first[2],
                 rearrange_factors(group_factors(view, form.channels)),
                 rearrange_factors(group_factors(view, form.height)),
                 rearrange_factors(group_factors(view, form.width))};
  if (const auto slice = as_slice(view, copy)) return *slice;
  const FeatureShape& shape = view.shape;
  const bool starts_at_zero = view.first == std::array<int64_t, 3>{0, 0, 0};
  ViewAxis flat;
  for (const auto& [axis, extent] : {std::pair{MapAxis::kChannels, shape.channels},
                                     {MapAxis::kHeight, shape.height},
                                     {MapAxis::kWidth, shape.width}}) {
    if (extent > 1) flat.push_back({extent, false, axis, 1});
  }
  if (starts_at_zero && copy.height.empty() && copy.width.empty() &&
      group_factors(view, form.channels) == flat) {
    return Flatten{};
  }
  return copy;
}

}  // namespace

const ModelTensor* GraphImport::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

void GraphImport::set(const std::string& name, ModelTensor tensor) {
  tensors_.insert_or_assign(name, std::move(tensor));
}

std::string GraphImport::new_name(std::string_view wanted, std::string_view kind) {
  // PyTorch's names are paths from a root: "/layer1/layer1.0/conv1/Conv".
  wanted.remove_prefix(std::min(wanted.size(), wanted.find_first_not_of("/_.-")));
  return names_.take(wanted, kind);
}

void GraphImport::add_input(const std::string& name, const FeatureShape& shape) {
  spec_.inputs.push_back({name, shape});
  shapes_[name] = shape;
}

MapView GraphImport::add_layer(std::string_view name, const Operation& operation,
                               const std::vector<std::string>& inputs) {
  const LayerKind& kind = layer_kind(operation);
  std::string own = new_name(name, kind.word());
  std::vector<FeatureShape> shapes;
  for (const std::string& input : inputs) shapes.push_back(shapes_.at(input));
  const FeatureShape shape = kind.infer_shape(operation, shapes, {"", spec_.layers.size()});
  layers_[own] = spec_.layers.size();
  shapes_[own] = shape;
  spec_.layers.push_back({own, operation, false, inputs});
  parameters_.emplace_back();
  return {std::move(own), shape, {0, 0, 0}, {}};
}

void GraphImport::set_parameters(const std::string& layer, LayerParameters parameters) {
  parameters_.at(layers_.at(layer)) = std::move(parameters);
}

Operation& GraphImport::operation_of(const std::string& layer) {
  return spec_.layers.at(layers_.at(layer)).operation;
}

LayerParameters& GraphImport::parameters_of(const std::string& layer) {
  return parameters_.at(layers_.at(layer));
}

void GraphImport::set_int8(const std::string& layer, const Int8Layer& int8) {
  spec_.layers.at(layers_.at(layer)).int8 = int8;
}

const QuantizedTensor* GraphImport::quantization_of(const std::string& tensor) const {
  const auto found = quantizations_.find(tensor);
  return found == quantizations_.end() ? nullptr : &found->second;
}

void GraphImport::set_quantization(const std::string& tensor, const QuantizedTensor& quantization) {
  quantizations_.insert_or_assign(tensor, quantization);
}

void GraphImport::set_weight_scales(const std::string& tensor, const std::vector<float>& scales) {
  tensor_scales_[tensor] = scales;
}

void GraphImport::note_weights(const OnnxNode& node) {
  const bool is_scaled =
      node.attributes.contains("alpha") &&
      std::get_if<float>(&node.attributes.find("alpha")->second.value) != nullptr &&
      std::get<float>(node.attributes.find("alpha")->second.value) != 1;
  if (is_scaled || node.inputs.size() < 2 || spec_.layers.empty()) return;
  for (size_t input = 0; input < 2; ++input) {
    const auto scales = tensor_scales_.find(node.inputs[input]);
    if (scales == tensor_scales_.end()) continue;
    for (size_t i = spec_.layers.size(); i-- > 0;) {
      const LayerSpec& layer = spec_.layers[i];
      if (!std::holds_alternative<Conv2d>(layer.operation) &&
          !std::holds_alternative<Dense>(layer.operation)) {
        continue;
      }
      layer_scales_.try_emplace(layer.name, scales->second);
      return;
    }
  }
}

MapView GraphImport::as_map(const MapView& view, const MapForm& form) {
  if (view.has_form(form)) return in_form(view, form, view.source);
  const std::string key = fmt::format(
      "{} {} {} {} {}{}{}", view.source, view.first[0], view.first[1], view.first[2],
      text_of(group_factors(view, form.channels)), text_of(group_factors(view, form.height)),
      text_of(group_factors(view, form.width)));
  for (const auto& [copied, layer] : copies_) {
    if (copied == key) return in_form(view, form, layer);
  }
  const MapView copy =
      add_layer(fmt::format("{}/view", view.source), copy_operation(view, form), {view.source});
  CHECK(copy.shape == form_shape(view, form), "{}: a copy of another shape", view.source);
  copies_.emplace_back(key, copy.source);
  return in_form(view, form, copy.source);
}

MapView GraphImport::settled(const MapView& view) {
  const auto natural = view.natural_form();
  return as_map(view, natural ? *natural : view.tokens_form());
}

size_t GraphImport::readers(const std::string& name) const {
  const auto found = readers_.find(name);
  return found == readers_.end() ? 0 : found->second;
}

void GraphImport::count_readers() {
  for (const OnnxNode& node : model_.nodes) {
    for (const std::string& input : node.inputs) ++readers_[input];
  }
  for (const OnnxGraphValue& output : model_.outputs) ++readers_[output.name];
}

size_t GraphImport::tensors_of(std::string_view layer) const {
  return static_cast<size_t>(std::ranges::count_if(tensors_, [&](const auto& tensor) {
    const auto* view = std::get_if<MapView>(&tensor.second);
    return view != nullptr && view->source == layer;
  }));
}

bool NodeImport::has_attribute(std::string_view attribute) const {
  return node_.attributes.contains(attribute);
}

namespace {

template <typename Value>
const Value* find_attribute(const OnnxNode& node, std::string_view attribute) {
  const auto found = node.attributes.find(attribute);
  if (found == node.attributes.end()) return nullptr;
  const auto* value = std::get_if<Value>(&found->second.value);
  if (value == nullptr) {
    fail(ErrorKind::kInput, "attribute {}: found a value of another type than the operator's",
         quote_json(std::string(attribute)));
  }
  return value;
}

}  // namespace

int64_t NodeImport::integer(std::string_view attribute, int64_t otherwise) const {
  const auto* value = find_attribute<int64_t>(node_, attribute);
  return value == nullptr ? otherwise : *value;
}

float NodeImport::number(std::string_view attribute, float otherwise) const {
  const auto* value = find_attribute<float>(node_, attribute);
  return value == nullptr ? otherwise : *value;
}

std::string NodeImport::word(std::string_view attribute, std::string_view otherwise) const {
  const auto* value = find_attribute<std::string>(node_, attribute);
  return value == nullptr ? std::string(otherwise) : *value;
}

std::optional<std::vector<int64_t>> NodeImport::integers(std::string_view attribute) const {
  const auto* value = find_attribute<std::vector<int64_t>>(node_, attribute);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::vector<float>> NodeImport::numbers(std::string_view attribute) const {
  const auto* value = find_attribute<std::vector<float>>(node_, attribute);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

const ModelTensor& NodeImport::tensor(size_t input) const {
  if (!has(input)) fail(ErrorKind::kInput, "found no input {}, wanted one", input);
  const ModelTensor* tensor = graph_.find(node_.inputs[input]);
  CHECK(tensor != nullptr, "{}: not there", node_.inputs[input]);
  return *tensor;
}

bool NodeImport::is_constant(size_t input) const {
  return std::holds_alternative<Constant>(tensor(input));
}

const Constant& NodeImport::constant(size_t input) const {
  const auto* constant = std::get_if<Constant>(&tensor(input));
  if (constant == nullptr) {
    unsupported("input {} ({}) is computed while the network runs, wanted a constant", input,
                quote_json(node_.inputs[input]));
  }
  return *constant;
}

const MapView& NodeImport::view(size_t input) const {
  const auto* view = std::get_if<MapView>(&tensor(input));
  if (view == nullptr) {
    unsupported("input {} ({}) is a constant, wanted a map", input,
                quote_json(node_.inputs[input]));
  }
  return *view;
}

std::vector<int64_t> NodeImport::dims(size_t input) const {
  const ModelTensor& value = tensor(input);
  if (const auto* constant = std::get_if<Constant>(&value)) return constant->dims();
  return std::get<MapView>(value).dims();
}

std::optional<std::vector<int64_t>> NodeImport::integers_of(std::string_view attribute,
                                                            size_t input) const {
  if (has_attribute(attribute)) return integers(attribute);
  if (has(input)) return constant(input).integers();
  return std::nullopt;
}

void NodeImport::set(size_t output, ModelTensor result) {
  if (output < node_.outputs.size() && !node_.outputs[output].empty()) {
    graph_.set(node_.outputs[output], std::move(result));
  }
}

std::string NodeImport::layer_name() const {
  if (!node_.name.empty()) return node_.name;
  return node_.outputs.empty() ? "" : node_.outputs[0];
}

MapView NodeImport::add_layer(const Operation& operation, const std::vector<std::string>& inputs) {
  return graph_.add_layer(layer_name(), operation, inputs);
}

void check_no_batch(const MapView& view, size_t axis, std::string_view what) {
  if (view.has_batch(axis)) {
    throw AcrossBatch{fmt::format("{} along the batch", what)};
  }
}

MapView whole_view(std::string source, const FeatureShape& shape, const MapView& like,
                   const MapForm& form, const std::vector<int64_t>& dims) {
  MapView view{std::move(source), shape, {0, 0, 0}, {}};
  for (const ViewAxis& axis : like.axes) {
    ViewAxis& kept = view.axes.emplace_back();
    std::ranges::copy_if(axis, std::back_inserter(kept), &AxisFactor::is_batch);
  }
  const auto add_group = [&](const std::vector<size_t>& members, MapAxis axis) {
    int64_t step = 1;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      const int64_t extent = dims.at(*member);
      if (extent > 1) view.axes[*member].push_back({extent, false, axis, step});
      step *= extent;
    }
  };
  add_group(form.channels, MapAxis::kChannels);
  add_group(form.height, MapAxis::kHeight);
  add_group(form.width, MapAxis::kWidth);
  return view;
}

}  // namespace wattgrind
