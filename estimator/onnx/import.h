// ONNX models as networks.
//
//   OnnxModel model = read_onnx_model("resnet50.onnx");
//   ImportedModel imported = import_onnx(model, {}, "resnet50", "resnet50.onnx");
//
// The first dimension of a model's inputs is the batch wherever that is possible; where a node
// works across images (a softmax along the first axis, say), the model is read again with all
// dimensions within one image.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/network/layer_parameters.h"
#include "estimator/network/network.h"
#include "estimator/onnx/map_view.h"
#include "estimator/onnx/model.h"

namespace wattgrind {

struct OnnxImportOptions {
  // Sizes of dimensions that the model gives names, and of whole inputs, by their names. The batch
  // needs none.
  std::map<std::string, int64_t> dimensions;
  std::map<std::string, std::vector<int64_t>> input_dims;
  // Values of inputs that layers take as parameters or that shapes depend on.
  std::map<std::string, OnnxTensor> constants;
  bool needs_values = false;  // parameters are filled; costs need none
};

// A tensor of the model that goes in or out, and where its values lie in the network's map.
struct PlacedTensor {
  std::string name;  // the model's
  MapView view;      // of an input's map or a layer's
};

struct ImportedModel {
  Network network;
  std::vector<LayerParameters> parameters;  // by layer; empty where no values were asked for
  // Whether the model has every value of every parameter.
  bool has_values = true;
  std::vector<PlacedTensor> inputs, outputs;
  int64_t batch = 1;  // the images of the model's batch, 1 where any number is taken
};

// Throws Error(kInput) begun by `where`: for nodes that are not supported, all of them named in one
// message with their operators and the operator set; for shapes that contradict each other; for
// as build_network() does. Throws Error(kUsage) for dimensions that are neither numbers nor given.
ImportedModel import_onnx(const OnnxModel& model, const OnnxImportOptions& options,
                          const std::string& name, std::string_view where);

// Whether nodes take the input as a parameter or as a shape, so that its values must be known
// beforehand.
bool is_parameter_input(const OnnxModel& model, std::string_view input);

}  // namespace wattgrind
