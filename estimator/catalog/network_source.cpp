#include "estimator/catalog/network_source.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/formats/builtin_files.h"
#include "estimator/formats/json_text.h"
#include "estimator/network/network_file.h"
#include "estimator/network/short_form.h"
#include "estimator/onnx/model_file.h"
#include "estimator/onnx/placement.h"
#include "estimator/system/file_text.h"

namespace wattgrind {

Network builtin_network(std::string_view name) {
  const auto text = builtin_text("networks", name);
  CHECK(text.has_value(), "no network \"{}\"", name);
  return read_network(*text, name);
}

bool is_onnx_file(const std::string& argument) { return argument.ends_with(".onnx"); }

ImportedModel find_runnable(const std::string& argument, const OnnxModel& model,
                            const OnnxImportOptions& options) {
  return import_onnx(model, options, std::filesystem::path(argument).stem().string(), argument);
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
  if (std::find(names.begin(), names.end(), argument) != names.end()) {
    return builtin_network(argument);
  }
  if (argument.ends_with(".json")) {
    return read_network(read_file(argument, kMostDescriptionBytes), argument);
  }
  if (is_onnx_file(argument)) {
    OnnxImportOptions options;
    options.dimensions = sizes;
    return find_runnable(argument, read_onnx_model(argument), options).network;
  }
  if (argument.find(':') != std::string::npos) return read_short_form(argument);
  fail(ErrorKind::kInput,
       "unknown network {}; {} (or a file's name, ending in .json or .onnx, or a short form "
       "like dffr:layers=3,width=12)",
       quote_json(argument), suggest(argument, names));
}

}  // namespace wattgrind
