// A network being made from a model, node by node.
//
// Every tensor of the model is a constant or a view of a feature map. Operators (operators.h) take
// tensors from here, add layers, and put their results back.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "estimator/network/layer_names.h"
#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"
#include "estimator/onnx/constant.h"
#include "estimator/onnx/map_view.h"
#include "estimator/onnx/model.h"
#include "estimator/onnx/quantized_graph.h"

namespace wattgrind {

// What a node asks for that no layer does. The message says why.
struct UnsupportedNode {
  std::string reason;
};
template <typename... Args>
[[noreturn]] void unsupported(fmt::format_string<Args...> format, Args&&... args) {
  throw UnsupportedNode{fmt::format(format, std::forward<Args>(args)...)};
}

// A node works across the images of the batch, which layers never do: the model has to be read with
// its first dimension as part of one image.
struct AcrossBatch {
  std::string reason;
};

using ModelTensor = std::variant<Constant, MapView>;

// What the numbers of a quantised tensor stand for. Signed ones are told as unsigned, more by 128.
struct QuantizedTensor {
  ByteScale bytes;
  bool is_signed = false;
};

class GraphImport {
 public:
  // `needs_values` says whether parameters are to be filled; costs need none.
  GraphImport(const OnnxModel& model, bool needs_values) : model_(model), values_(needs_values) {}

  const OnnxModel& model() const { return model_; }
  bool needs_values() const { return values_; }
  NetworkSpec& spec() { return spec_; }
  std::vector<LayerParameters>& parameters() { return parameters_; }

  // Tensors by their names in the model; null where a node before could not make it.
  const ModelTensor* find(const std::string& name) const;
  void set(const std::string& name, ModelTensor tensor);

  // A name for a layer or an input of the network like `wanted`, well formed and not yet taken.
  std::string new_name(std::string_view wanted, std::string_view kind);

  void add_input(const std::string& name, const FeatureShape& shape);
  // Adds a layer and returns its whole map; the axes are left empty. Layers that hold parameters
  // get them by set_parameters().
  MapView add_layer(std::string_view name, const Operation& operation,
                    const std::vector<std::string>& inputs);
  void set_parameters(const std::string& layer, LayerParameters parameters);
  // The operation of a layer that was added, to be changed while nobody depends on it.
  Operation& operation_of(const std::string& layer);
  LayerParameters& parameters_of(const std::string& layer);
  void set_int8(const std::string& layer, const Int8Layer& int8);
  // Of a tensor of numbers, which is here a map of their values; null for others.
  const QuantizedTensor* quantization_of(const std::string& tensor) const;
  void set_quantization(const std::string& tensor, const QuantizedTensor& quantization);
  // The scales of a constant of values that are whole numbers of 8 bits times them.
  void set_weight_scales(const std::string& tensor, const std::vector<float>& scales);
  // Keeps the scales of the weights that the node reads with the layer it has just made.
  void note_weights(const OnnxNode& node);
  const WeightScales& weight_scales() const { return layer_scales_; }
  bool has_layer(const std::string& name) const { return layers_.contains(name); }

  // The view's values as a map of that form: the map itself where they lie so, else a copy of it
  // that a layer makes, once for all who ask.
  MapView as_map(const MapView& view, const MapForm& form);
  // In whichever form they lie, or else as tokens.
  MapView settled(const MapView& view);

  // How many nodes read the tensor, or whether it is an output.
  size_t readers(const std::string& name) const;
  void count_readers();
  // How many tensors of the model lie in a layer's map.
  size_t tensors_of(std::string_view layer) const;

 private:
  const OnnxModel& model_;
  const bool values_;
  NetworkSpec spec_;
  std::vector<LayerParameters> parameters_;
  std::map<std::string, size_t, std::less<>> layers_;  // by name, where they stand in the spec
  std::map<std::string, FeatureShape, std::less<>> shapes_;
  LayerNames names_;
  std::map<std::string, ModelTensor, std::less<>> tensors_;
  std::map<std::string, size_t, std::less<>> readers_;
  std::vector<std::pair<std::string, std::string>> copies_;  // what a copy holds, and its layer
  std::map<std::string, QuantizedTensor, std::less<>> quantizations_;  // by tensor
  WeightScales tensor_scales_, layer_scales_;
};

// One node while it is read: its attributes and tensors.
class NodeImport {
 public:
  NodeImport(GraphImport& graph, const OnnxNode& node) : graph_(graph), node_(node) {}

  GraphImport& graph() { return graph_; }
  const OnnxNode& node() const { return node_; }
  int64_t opset() const { return graph_.model().opset; }
  size_t inputs() const { return node_.inputs.size(); }
  bool has(size_t input) const { return node_.has_input(input); }

  int64_t integer(std::string_view attribute, int64_t otherwise) const;
  float number(std::string_view attribute, float otherwise) const;
  std::string word(std::string_view attribute, std::string_view otherwise) const;
  // Absent where the node has no such attribute.
  std::optional<std::vector<int64_t>> integers(std::string_view attribute) const;
  std::optional<std::vector<float>> numbers(std::string_view attribute) const;
  bool has_attribute(std::string_view attribute) const;

  const ModelTensor& tensor(size_t input) const;
  bool is_constant(size_t input) const;
  // Of an input that must be constant, or must be a map.
  const Constant& constant(size_t input) const;
  const MapView& view(size_t input) const;
  std::vector<int64_t> dims(size_t input) const;

  // The axes that old versions write as an attribute and new ones as an input; absent where neither
  // is there.
  std::optional<std::vector<int64_t>> integers_of(std::string_view attribute, size_t input) const;

  void set(size_t output, ModelTensor result);
  // Adds a layer called after the node.
  MapView add_layer(const Operation& operation, const std::vector<std::string>& inputs);
  MapView add_layer(const Operation& operation, const MapView& input) {
    return add_layer(operation, std::vector<std::string>{input.source});
  }
  std::string layer_name() const;

 private:
  GraphImport& graph_;
  const OnnxNode& node_;
};

// Throws AcrossBatch where an axis counts images.
void check_no_batch(const MapView& view, size_t axis, std::string_view what);

// A view of a whole map of that form's axes: those of `like`, whose extents may have changed.
// An axis that takes part in a group of several must have kept its extent.
MapView whole_view(std::string source, const FeatureShape& shape, const MapView& like,
                   const MapForm& form, const std::vector<int64_t>& dims);

}  // namespace wattgrind
