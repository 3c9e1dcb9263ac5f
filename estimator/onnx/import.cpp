#include "estimator/onnx/import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "estimator/base/error.h"
#include "estimator/base/printable.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/layer_kind.h"
#include "estimator/onnx/operators.h"
#include "estimator/onnx/patterns.h"
#include "estimator/onnx/placement.h"

namespace wattgrind {
namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";

// From which input on an operator's inputs are parameters, axes or sizes.
struct ParameterSlots {
  std::string_view type;
  size_t first;
  std::optional<size_t> map = std::nullopt;  // one among them that may be a map
};
constexpr std::array<ParameterSlots, 32> kParameterSlots = {{
    {"Conv", 1},
    {"ConvTranspose", 1},
    {"BatchNormalization", 1},
    {"Gemm", 1},
    {"PRelu", 1},
    {"InstanceNormalization", 1},
    {"LayerNormalization", 1},
    {"Reshape", 1},
    {"Slice", 1},
    {"Squeeze", 1},
    {"Unsqueeze", 1},
    {"ReduceMean", 1},
    {"ReduceSum", 1},
    {"ReduceMax", 1},
    {"ReduceMin", 1},
    {"Resize", 1},
    {"Upsample", 1},
    {"Pad", 1},
    {"Expand", 1},
    {"Tile", 1},
    {"Clip", 1},
    {"Dropout", 1},
    {"Split", 1},
    {"ConstantOfShape", 0},
    {"Range", 0},
    {"QuantizeLinear", 1},
    {"DequantizeLinear", 1},
    {"QLinearConv", 1},
    {"QLinearMatMul", 1, 3},
    {"ConvInteger", 1},
    {"MatMulInteger", 2},
    {"TopK", 1},
}};

// How operators read an input decides how its map lies.
constexpr std::array<std::string_view, 14> kImageOperators = {"Conv",
                                                              "ConvTranspose",
                                                              "MaxPool",
                                                              "AveragePool",
                                                              "GlobalAveragePool",
                                                              "LRN",
                                                              "Resize",
                                                              "Upsample",
                                                              "DepthToSpace",
                                                              "SpaceToDepth",
                                                              "PRelu",
                                                              "BatchNormalization",
                                                              "InstanceNormalization",
                                                              "GlobalMaxPool"};
constexpr std::array<std::string_view, 3> kTokenOperators = {"MatMul", "LayerNormalization",
                                                             "Gather"};

struct FailedNode {
  const OnnxNode* node;
  std::string reason;
};

std::string shown(const OnnxNode& node, int64_t opset) {
  const std::string name = node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name;
  const std::string domain = node.domain.empty() ? "" : node.domain + ".";
  return fmt::format("{} ({}, operator set {})", quote_json(cut_in_the_middle(name, 100)),
                     printable(cut_in_the_middle(domain + node.type, 100)), opset);
}

class ModelImport {
 public:
  ModelImport(const OnnxModel& model, const OnnxImportOptions& options, std::string_view where,
              bool has_batch)
      : model_(model),
        options_(options),
        where_(where),
        has_batch_(has_batch),
        graph_(model, options.needs_values) {}

  ImportedModel import(const std::string& name) && {
    check_names();
    graph_.count_readers();
    add_initializers();
    add_inputs();
    add_nodes();
    refuse_failed();
    add_outputs();
    compute_on_bytes(graph_.spec(), graph_.parameters(), graph_.weight_scales());
    drop_unread();
    ImportedModel result;
    graph_.spec().name = name;
    result.parameters = std::move(graph_.parameters());
    result.network = build_network(std::move(graph_.spec()), where_);
    result.network.notes = notes();
    result.has_values = has_all_values(result);
    result.inputs = std::move(inputs_);
    result.outputs = std::move(outputs_);
    result.batch = batch_;
    return result;
  }

 private:
  // Every tensor has one origin.
  void check_names() const {
    std::set<std::string_view> names;
    for (const auto& [name, tensor] : model_.initializers) names.insert(name);
    for (const OnnxGraphValue& input : model_.inputs) names.insert(input.name);
    for (const OnnxNode& node : model_.nodes) {
      for (const std::string& output : node.outputs) {
        if (output.empty() || names.insert(output).second) continue;
        fail(ErrorKind::kInput, "{}: node {}: makes {}, which is there already", where_,
             shown(node, model_.opset), quote_json(output));
      }
    }
  }

  void add_initializers() {
    for (const auto& [name, tensor] : model_.initializers) {
      check_values(tensor, fmt::format("{}: initialiser {}", where_, quote_json(name)));
      if (!options_.needs_values && !is_integer(tensor.type) && tensor.elements() > kMostFolded) {
        graph_.set(name, Constant::absent(tensor.dims, false));
        continue;
      }
      graph_.set(name,
                 Constant(tensor, fmt::format("{}: initialiser {}", where_, quote_json(name))));
    }
  }

  // The dimensions of an input; the first one absent where any batch will do.
  std::vector<std::optional<int64_t>> dims_of(const OnnxGraphValue& input) const {
    std::vector<std::optional<int64_t>> dims;
    if (const auto given = options_.input_dims.find(input.name);
        given != options_.input_dims.end()) {
      for (const int64_t extent : given->second) {
        if (extent == 0) {
          fail(ErrorKind::kInput, "{}: input {}: it is empty, which is not supported", where_,
               quote_json(input.name));
        }
        check_extent(input, extent);
      }
      dims.assign(given->second.begin(), given->second.end());
      return dims;
    }
    if (!input.dims) {
      fail(ErrorKind::kInput, "{}: input {}: found no shape in the model", where_,
           quote_json(input.name));
    }
    for (size_t i = 0; i < input.dims->size(); ++i) {
      const OnnxDimension& dimension = (*input.dims)[i];
      const auto named = options_.dimensions.find(dimension.symbol);
      if (dimension.value.value_or(0) < -1) {
        fail(ErrorKind::kInput, "{}: input {}: found a dimension of {}, wanted 1 or more", where_,
             quote_json(input.name), *dimension.value);
      }
      if (dimension.value == 0) {
        fail(ErrorKind::kInput, "{}: input {}: found a dimension of 0: empty tensors are not read",
             where_, quote_json(input.name));
      }
      if (dimension.value && *dimension.value > 0) {
        check_extent(input, *dimension.value);
        dims.emplace_back(*dimension.value);
      } else if (!dimension.symbol.empty() && named != options_.dimensions.end()) {
        dims.emplace_back(named->second);
      } else if (i == 0) {
        dims.emplace_back(std::nullopt);
      } else {
        fail(ErrorKind::kUsage, "is wanted for {}: input {}: dimension {}{} has no size", where_,
             quote_json(input.name), i,
             dimension.symbol.empty() ? "" : fmt::format(", {},", quote_json(dimension.symbol)));
      }
    }
    return dims;
  }

  void check_extent(const OnnxGraphValue& input, int64_t extent) const {
    if (extent > kMaxSize) {
      fail(ErrorKind::kInput, "{}: input {}: found a dimension of {}, wanted at most {}", where_,
           quote_json(input.name), extent, kMaxSize);
    }
  }

  void add_inputs() {
    bool knows_batch = false;
    for (const OnnxGraphValue& input : model_.inputs) {
      if (input.type != OnnxType::kUndefined && !is_number(input.type)) {
        fail(ErrorKind::kInput, "{}: input {}: found the type {}, wanted numbers", where_,
             quote_json(input.name), to_string(input.type));
      }
      if (const auto given = options_.constants.find(input.name);
          given != options_.constants.end()) {
        graph_.set(input.name, Constant(given->second, fmt::format("{}: input {}", where_,
                                                                   quote_json(input.name))));
        continue;
      }
      std::vector<std::optional<int64_t>> dims = dims_of(input);
      if (is_parameter_input(model_, input.name)) {
        std::vector<int64_t> known;
        for (const auto& extent : dims) known.push_back(extent.value_or(1));
        graph_.set(input.name, Constant::absent(known, is_integer(input.type)));
        continue;
      }
      if (!knows_batch && dims.size() > 1) {
        batch_ = has_batch_ ? dims[0].value_or(1) : 1;
        knows_batch = true;
      }
      add_input(input, dims);
    }
    if (inputs_.empty()) {
      fail(ErrorKind::kInput, "{}: its graph has no input that is not a parameter", where_);
    }
  }

  void add_input(const OnnxGraphValue& input, const std::vector<std::optional<int64_t>>& dims) {
    MapView view;
    for (size_t i = 0; i < dims.size(); ++i) {
      const bool is_batch =
          has_batch_ && i == 0 && dims.size() > 1 && (!dims[0] || *dims[0] == batch_);
      const int64_t extent = dims[i].value_or(1);
      view.axes.push_back(is_batch || extent > 1
                              ? ViewAxis{{extent, is_batch, MapAxis::kChannels, 1}}
                              : ViewAxis{});
    }
    const MapForm form = input_form(input.name, view);
    view = whole_view("", form_shape(view, form), view, form, view.map_dims());
    view.source = graph_.new_name(input.name, "input");
    graph_.add_input(view.source, view.shape);
    inputs_.push_back({input.name, view});
    graph_.set(input.name, std::move(view));
  }

  MapForm input_form(const std::string& name, const MapView& view) const {
    bool is_image = view.axes.size() == 4, is_tokens = false, is_last = false;
    for (const OnnxNode& node : model_.nodes) {
      if (std::ranges::find(node.inputs, name) == node.inputs.end()) continue;
      is_image |= std::ranges::find(kImageOperators, node.type) != kImageOperators.end();
      is_tokens |= std::ranges::find(kTokenOperators, node.type) != kTokenOperators.end();
      if (node.type == "Transpose") {
        const auto order = node.attributes.find("perm");
        const auto* axes = order == node.attributes.end()
                               ? nullptr
                               : std::get_if<std::vector<int64_t>>(&order->second.value);
        is_last |= axes != nullptr && *axes == std::vector<int64_t>{0, 3, 1, 2};
      }
    }
    const size_t rank = view.axes.size();
    const bool leads = rank > 0 && (view.is_batch(0) || view.extent(0) == 1);
    if (is_last && rank == 4) return {{3}, {1}, {2}};
    if (is_image && !is_tokens && leads && (rank == 3 || rank == 4)) return image_form(view);
    return view.tokens_form();
  }

  void add_nodes() {
    const std::map<size_t, NodeGroup> groups = find_groups(model_);
    std::set<size_t> grouped;
    for (const auto& [last, group] : groups) {
      grouped.insert(group.members.begin(), group.members.end());
    }
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const auto group = groups.find(i);
      if (group == groups.end() && grouped.contains(i)) {
        for (const std::string& output : model_.nodes[i].outputs) made_.insert(output);
        continue;
      }
      add_node(group == groups.end() ? model_.nodes[i] : group->second.node);
    }
  }

  void add_node(const OnnxNode& node) {
    const bool is_complete = check_inputs(node);
    for (const std::string& output : node.outputs) made_.insert(output);
    if (!is_complete) {
      if (find_operator(node.type) == nullptr && node.type != "Constant") {
        failed_.push_back({&node, "the operator is not known here"});
      }
      return;
    }
    NodeImport import(graph_, node);
    try {
      run(import);
    } catch (const UnsupportedNode& failure) {
      failed_.push_back({&node, failure.reason});
    } catch (const AcrossBatch& failure) {
      if (has_batch_) throw;
      failed_.push_back({&node, failure.reason});
    } catch (const std::out_of_range&) {
      // Operators ask tensors for the axes that their definitions give them.
      fail(ErrorKind::kInput, "{}: node {}: found inputs of other ranks than the operator's",
           where_, shown(node, model_.opset));
    } catch (const Error& error) {
      fail(error.kind(), "{}: node {}: {}", where_, shown(node, model_.opset),
           without_place(error.what()));
    }
  }

  // Whether every tensor that the node reads is there. One that no earlier node makes is an error;
  // one that a node before could not make is not.
  bool check_inputs(const OnnxNode& node) const {
    bool is_complete = true;
    for (const std::string& input : node.inputs) {
      if (input.empty() || graph_.find(input) != nullptr) continue;
      if (!made_.contains(input)) {
        fail(ErrorKind::kInput, "{}: node {}: reads {}, which no earlier node makes", where_,
             shown(node, model_.opset), quote_json(input));
      }
      is_complete = false;
    }
    return is_complete;
  }

  // Layers name themselves by their place in a network that is not whole yet.
  static std::string_view without_place(std::string_view message) {
    if (!message.starts_with(": layers[")) return message;
    message.remove_prefix(std::min(message.size(), message.find(']') + 1));
    while (message.starts_with('.') || message.starts_with(": ")) {
      message.remove_prefix(message.starts_with('.') ? 1 : 2);
    }
    return message;
  }

  static void run(NodeImport& import) {
    const OnnxNode& node = import.node();
    if (!node.domain.empty() && node.domain != "ai.onnx" &&
        !(node.domain == kMicrosoft && node.type == "Gelu")) {
      unsupported("operators of the domain {} are not known here", quote_json(node.domain));
    }
    if (node.type == "Constant") return read_constant(import);
    const auto is_constant = [&](size_t i) { return !import.has(i) || import.is_constant(i); };
    bool are_constants = true;
    for (size_t i = 0; i < node.inputs.size(); ++i) are_constants &= is_constant(i);
    if (are_constants && fold_constants(import)) return;
    const OperatorImport known = find_operator(node.type);
    if (known == nullptr) unsupported("the operator is not known here");
    if (are_constants) unsupported("it is not computed from constants");
    known(import);
    if (node.type == "Conv" || node.type == "Gemm" || node.type == "MatMul") {
      import.graph().note_weights(node);
    }
    keep_quantization(import);
  }

  // Numbers that are moved, and no more, stand for the same values.
  static void keep_quantization(NodeImport& import) {
    constexpr std::array<std::string_view, 10> kMoving = {
        "MaxPool",   "Reshape", "Flatten", "Transpose", "Squeeze",
        "Unsqueeze", "Slice",   "Split",   "Identity",  "Dropout"};
    const OnnxNode& node = import.node();
    if (std::ranges::find(kMoving, node.type) == kMoving.end() || node.inputs.empty()) return;
    const QuantizedTensor* const made = import.graph().quantization_of(node.inputs[0]);
    if (made == nullptr) return;
    const QuantizedTensor kept = *made;
    for (const std::string& output : node.outputs) import.graph().set_quantization(output, kept);
  }

  static void read_constant(NodeImport& import) {
    for (const auto& [key, attribute] : import.node().attributes) {
      if (const auto* tensor = std::get_if<OnnxTensor>(&attribute.value)) {
        return import.set(0, Constant(*tensor, "its value"));
      }
      if (const auto* number = std::get_if<float>(&attribute.value)) {
        return import.set(0, Constant({}, std::vector<float>{*number}));
      }
      if (const auto* integer = std::get_if<int64_t>(&attribute.value)) {
        return import.set(0, Constant({}, std::vector<int64_t>{*integer}));
      }
      if (const auto* numbers = std::get_if<std::vector<float>>(&attribute.value)) {
        return import.set(0, Constant({static_cast<int64_t>(numbers->size())}, *numbers));
      }
      if (const auto* integers = std::get_if<std::vector<int64_t>>(&attribute.value)) {
        return import.set(0, Constant({static_cast<int64_t>(integers->size())}, *integers));
      }
    }
    unsupported("its value is of no kind that is read here");
  }

  void refuse_failed() const {
    if (failed_.empty()) return;
    std::vector<std::string> texts;
    for (const FailedNode& failed : failed_) {
      texts.push_back(fmt::format("{}: {}", shown(*failed.node, model_.opset), failed.reason));
    }
    fail(ErrorKind::kInput, "{}: {} of {} nodes {} not supported: {}", where_, failed_.size(),
         model_.nodes.size(), failed_.size() == 1 ? "is" : "are", fmt::join(texts, "; "));
  }

  void add_outputs() {
    for (const OnnxGraphValue& output : model_.outputs) {
      const ModelTensor* tensor = graph_.find(output.name);
      if (tensor == nullptr) {
        fail(ErrorKind::kInput, "{}: output {}: no node makes it", where_, quote_json(output.name));
      }
      const auto* view = std::get_if<MapView>(tensor);
      if (view == nullptr) {
        fail(ErrorKind::kInput, "{}: output {}: it does not depend on the inputs", where_,
             quote_json(output.name));
      }
      check_output(output, *view);
      MapView placed = settled_output(output, *view);
      if (const QuantizedTensor* const made = graph_.quantization_of(output.name)) {
        const OnnxNode node{output.name, "DequantizeLinear", "", {}, {}, {}};
        NodeImport numbers(graph_, node);
        placed = numbers_of(numbers, placed, *made);
      }
      std::vector<std::string>& names = graph_.spec().outputs;
      const bool is_taken = std::ranges::find(names, placed.source) != names.end();
      if (is_taken || !graph_.has_layer(placed.source)) {
        placed.source = graph_.add_layer(output.name, Dropout{0}, {placed.source}).source;
      }
      names.push_back(placed.source);
      outputs_.push_back({output.name, std::move(placed)});
    }
  }

  // The sizes that the model says its outputs have, where it says any and nobody changed those of
  // its inputs.
  void check_output(const OnnxGraphValue& output, const MapView& view) const {
    if (!output.dims || !options_.input_dims.empty()) return;
    bool agrees = output.dims->size() == view.axes.size();
    for (size_t i = 0; agrees && i < view.axes.size(); ++i) {
      const int64_t said = (*output.dims)[i].value.value_or(0);
      agrees = view.is_batch(i) || said <= 0 || said == view.extent(i);
    }
    if (agrees) return;
    std::vector<std::string> said;
    for (const OnnxDimension& dimension : *output.dims) {
      said.push_back(dimension.value ? fmt::to_string(*dimension.value) : "?");
    }
    fail(ErrorKind::kInput, "{}: output {}: found {} by its nodes, and {} as the model says it is",
         where_, quote_json(output.name), fmt::join(dims_for_batch(view, batch_), "x"),
         fmt::join(said, "x"));
  }

  MapView settled_output(const OnnxGraphValue& output, const MapView& view) {
    if (view.is_whole() && graph_.has_layer(view.source)) return view;
    try {
      return graph_.settled(view);
    } catch (const Error& error) {
      fail(error.kind(), "{}: output {}: {}", where_, quote_json(output.name),
           without_place(error.what()));
    }
  }

  // Leaves out layers and inputs that no output depends on.
  void drop_unread() {
    NetworkSpec& spec = graph_.spec();
    std::set<std::string> needed(spec.outputs.begin(), spec.outputs.end());
    std::vector<LayerSpec> layers;
    std::vector<LayerParameters> parameters;
    for (size_t i = spec.layers.size(); i-- > 0;) {
      if (!needed.contains(spec.layers[i].name)) continue;
      needed.insert(spec.layers[i].inputs.begin(), spec.layers[i].inputs.end());
      layers.push_back(std::move(spec.layers[i]));
      parameters.push_back(std::move(graph_.parameters()[i]));
    }
    std::ranges::reverse(layers);
    std::ranges::reverse(parameters);
    spec.layers = std::move(layers);
    graph_.parameters() = std::move(parameters);
    const auto is_unread = [&](const std::string& name) { return !needed.contains(name); };
    std::erase_if(spec.inputs, [&](const NetworkInput& input) { return is_unread(input.name); });
    std::erase_if(inputs_, [&](const PlacedTensor& input) { return is_unread(input.view.source); });
  }

  // What is computed in another type than the model's. Whole numbers of one axis are sizes.
  std::vector<std::string> notes() const {
    std::set<std::string> types;
    for (const auto& [name, tensor] : model_.initializers) {
      const bool is_size = is_integer(tensor.type) && tensor.dims.size() < 2;
      if (tensor.type != OnnxType::kFloat && !is_size) types.insert(to_string(tensor.type));
    }
    if (types.empty()) return {};
    return {
        fmt::format("weights of type {} are taken in single precision", fmt::join(types, " and "))};
  }

  bool has_all_values(const ImportedModel& imported) const {
    if (!options_.needs_values) return !model_.has_absent_values;
    for (size_t i = 0; i < imported.network.layers.size(); ++i) {
      const Layer& layer = imported.network.layers[i];
      const LayerParameters& held = imported.parameters[i];
      if (held.weights.size() != parameter_values(layer, ParameterRole::kWeights) ||
          held.bias.size() != parameter_values(layer, ParameterRole::kBias) ||
          held.scales.size() != parameter_values(layer, ParameterRole::kScales) ||
          held.statistics.size() != parameter_values(layer, ParameterRole::kStatistics)) {
        return false;
      }
    }
    return true;
  }

  const OnnxModel& model_;
  const OnnxImportOptions& options_;
  const std::string where_;
  const bool has_batch_;
  int64_t batch_ = 1;
  GraphImport graph_;
  std::set<std::string> made_;  // what nodes so far make, or would if they were supported
  std::vector<FailedNode> failed_;
  std::vector<PlacedTensor> inputs_, outputs_;
};

}  // namespace

OperatorImport find_operator(std::string_view name) {
  static const auto kOperators = [] {
    std::map<std::string_view, OperatorImport> all;
    for (const auto& group : {window_operators(), elementwise_operators(), product_operators(),
                              reducing_operators(), view_operators(), quantized_operators()}) {
      for (const NamedOperator& known : group) all[known.name] = known.import;
    }
    return all;
  }();
  const auto found = kOperators.find(name);
  return found == kOperators.end() ? nullptr : found->second;
}

bool is_parameter_input(const OnnxModel& model, std::string_view input) {
  const auto is_known = [&](const std::string& name) { return model.initializers.contains(name); };
  for (const OnnxNode& node : model.nodes) {
    // What is looked up in a map must be known; in a table it comes while the network runs.
    if (node.type == "Gather" && node.inputs.size() == 2 && node.inputs[1] == input &&
        !is_known(node.inputs[0])) {
      return true;
    }
    const auto slots = std::ranges::find(kParameterSlots, node.type, &ParameterSlots::type);
    if (slots == kParameterSlots.end()) continue;
    for (size_t i = slots->first; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == input && i != slots->map) return true;
    }
  }
  return false;
}

ImportedModel import_onnx(const OnnxModel& model, const OnnxImportOptions& options,
                          const std::string& name, std::string_view where) {
  try {
    return ModelImport(model, options, where, true).import(name);
  } catch (const AcrossBatch&) {
    return ModelImport(model, options, where, false).import(name);
  }
}

}  // namespace wattgrind
