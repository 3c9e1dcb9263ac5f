#include "cli/commands/data_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands/data_advice.h"
#include "estimator/base/error.h"
#include "estimator/network/network_file.h"
#include "estimator/onnx/model_file.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "kernels/run/map_ranges.h"
#include "search/training/network_weights.h"

namespace wattgrind {
namespace {

NetworkValues load_values(const RunRequest& request) {
  ImportedModel model;
  if (is_onnx_file(request.network)) {
    OnnxImportOptions options;
    options.dimensions = request.dimensions;
    options.needs_values = true;
    model = find_runnable(request.network, read_onnx_model(request.network), options);
  } else {
    model = find_runnable(request.network);
  }
  if (!request.weights.empty()) {
    const std::string where = std::filesystem::path(request.weights).filename().string();
    model.parameters =
        from_tensors(model.network, parse_safetensors(read_file(request.weights), where), where);
    model.has_values = true;
  }
  if (!model.has_values) {
    fail(ErrorKind::kInput,
         "{}: its weights are absent: give them with --weights FILE (safetensors)",
         request.network);
  }
  return {std::move(model.network), std::move(model.parameters)};
}

void check_fit(const RunRequest& request, const Network& network, const DataSet& data) {
  if (network.inputs.size() != 1 || network.input() != data.test.shape) {
    fail(ErrorKind::kInput, "{}: found an input of {}, wanted the images' {}", request.network,
         to_string(network.input()), to_string(data.test.shape));
  }
  const int64_t outputs = network.shape_of(network.outputs.front()).elements();
  if (outputs < data.classes) {
    fail(ErrorKind::kInput, "{}: found {} outputs, wanted the {} classes of the data",
         request.network, outputs, data.classes);
  }
}

void write_results(const DataRunRequest& request, const NetworkValues& values) {
  if (!request.write_network.empty()) {
    write_file(request.write_network, write_network(values.network));
  }
  if (!request.write_weights.empty()) {
    write_file(request.write_weights,
               safetensors_bytes(to_tensors(values.network, values.parameters)));
  }
}

}  // namespace

DataRunResult run_on_data(const RunRequest& request, const DataRunRequest& wanted,
                          const StageProgress& progress) {
  NetworkValues values = load_values(request);
  DataRequest data_request = wanted.data;
  if (!wanted.path.empty()) data_request.path = wanted.path;
  const DataSet data = with_data_advice("--path", [&] { return load_data(data_request); });
  check_fit(request, values.network, data);
  const auto stage = [&](std::string_view what) {
    return [&progress, what](uint64_t done, uint64_t total) { progress(what, done, total); };
  };
  DataRunResult result;
  result.network = values.network.name;
  result.data = describe(data_request);
  result.images = data.test.size();
  result.accuracy =
      native_accuracy(values, data.test.pixels, data.test.labels, stage("single precision"));
  if (!wanted.quantize.quantize) {
    write_results(wanted, values);
    return result;
  }
  result.calibration_images = std::min<uint64_t>(wanted.calibration_images, data.train.size());
  const auto image_values = static_cast<size_t>(data.train.shape.elements());
  const NetworkValues folded = folded_for_bytes(values.network, values.parameters);
  const MapRanges ranges = measured_ranges(
      folded, std::span(data.train.pixels).first(result.calibration_images * image_values),
      stage("ranges"));
  const NetworkValues on_bytes = quantized(folded, ranges, wanted.quantize.weight_bits).on_bytes;
  result.accuracy_on_bytes =
      native_accuracy(on_bytes, data.test.pixels, data.test.labels, stage("on bytes"));
  write_results(wanted, on_bytes);
  return result;
}

}  // namespace wattgrind
