#include "estimator/catalog/network_source.h"

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/catalog/layer_source.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/imports/deepmeter.h"
#include "estimator/imports/ncnn.h"
#include "estimator/imports/paleo.h"
#include "estimator/network/network_file.h"
#include "estimator/network/short_form.h"
#include "estimator/onnx/model_file.h"
#include "estimator/onnx/placement.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

std::string stem(const std::string& file) { return std::filesystem::path(file).stem().string(); }

// DeepMeter's files are lists; ours name their schema, and Paleo's have their layers by name.
Network read_json_network(const std::string& file) {
  const std::string text = read_file(file, kMostDescriptionBytes);
  const nlohmann::ordered_json document = parse_ordered_json(text, file);
  if (document.is_array()) return read_deepmeter(document, stem(file), file);
  const bool has_names =
      document.is_object() && document.contains("layers") && document.at("layers").is_object();
  if (has_names && !document.contains("schema")) return read_paleo(document, file);
  return read_network(text, file);
}

}  // namespace

Network builtin_network(std::string_view name) {
  const auto text = builtin_text("networks", name);
  CHECK(text.has_value(), "no network \"{}\"", name);
  return read_network(*text, name);
}

bool is_onnx_file(const std::string& argument) { return argument.ends_with(".onnx"); }

ImportedModel find_runnable(const std::string& argument, const OnnxModel& model,
                            const OnnxImportOptions& options) {
  return import_onnx(model, options, stem(argument), argument);
}

ImportedModel find_runnable(const std::string& argument) {
  ImportedModel runnable;
  runnable.network = find_network(argument);
  runnable.has_values = runnable.network.parameters() == 0;
  runnable.parameters.resize(runnable.network.layers.size());
  for (const NetworkInput& input : runnable.network.inputs) {
    runnable.inputs.push_back({input.name, framework_view(input.name, input.shape)});
  }
  for (const int output : runnable.network.outputs) {
    const Layer& layer = runnable.network.layers[static_cast<size_t>(output)];
    runnable.outputs.push_back({layer.name, framework_view(layer.name, layer.output_shape)});
  }
  return runnable;
}

Network find_network(const std::string& argument, const DimensionSizes& sizes) {
  const std::vector<std::string_view> names = builtin_names("networks");
  if (const auto known = same_spelling(argument, names)) return builtin_network(*known);
  if (argument.ends_with(".json")) return read_json_network(argument);
  if (argument.ends_with(".param")) {
    return read_ncnn(read_file(argument, kMostDescriptionBytes), stem(argument), argument, sizes);
  }
  if (is_onnx_file(argument)) {
    OnnxImportOptions options;
    options.dimensions = sizes;
    return find_runnable(argument, read_onnx_model(argument), options).network;
  }
  if (std::optional<LayerLoad> layer = find_layer(argument)) {
    if (layer->batch == 1) return std::move(layer->network);
    fail(ErrorKind::kInput, "{}: batch={} is no part of the network: leave it out here", argument,
         layer->batch);
  }
  if (argument.find(':') != std::string::npos) return read_short_form(argument);
  fail(ErrorKind::kInput,
       "unknown network {}; {} (or a file's name, ending in .json, .onnx or .param, or a short "
       "form like dffr:layers=3,width=12)",
       quote_json(argument), suggest(argument, names));
}

}  // namespace wattgrind
