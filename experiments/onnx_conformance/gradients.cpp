// The gradients of a model's parameters in one training step, for random_gradients.py to hold to
// PyTorch's: of the mean cross-entropy of a batch, by the kernels that `wattgrind train` runs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/formats/npy.h"
#include "estimator/onnx/import.h"
#include "estimator/onnx/model_file.h"
#include "estimator/onnx/placement.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "experiments/experiment.h"
#include "kernels/run/training_run.h"
#include "search/training/network_weights.h"

namespace wattgrind {
namespace {

struct Options {
  std::string model, images, labels, output;
};

// A step this long is all gradient: what is left of a parameter in it rounds little away. A power
// of two divides without rounding.
constexpr double kLearningRate = 1 << 20;

NpyArray read_array(const std::string& file) { return read_npy(read_file(file), file); }

std::vector<float> slopes(const std::vector<float>& before, const std::vector<float>& after) {
  std::vector<float> result;
  for (size_t i = 0; i < before.size(); ++i) {
    result.push_back(static_cast<float>((double{before[i]} - double{after[i]}) / kLearningRate));
  }
  return result;
}

std::vector<LayerParameters> gradients(const ImportedModel& imported, const BatchSource& images) {
  TrainingRun run(imported.network, Sgd{.learning_rate = kLearningRate},
                  static_cast<int64_t>(images.size()), images.size());
  const std::vector<LayerParameters>& before = imported.parameters;
  for (size_t i = 0; i < before.size(); ++i) {
    run.set_parameters(i, before[i].weights, before[i].bias);
    run.set_statistics(i, before[i].statistics);
  }
  std::vector<size_t> all(images.size());
  std::iota(all.begin(), all.end(), size_t{0});
  run.set_batch(images, all);
  run.step();
  std::vector<LayerParameters> result;
  for (size_t i = 0; i < before.size(); ++i) {
    result.push_back({slopes(before[i].weights, run.weights(i)),
                      slopes(before[i].bias, run.bias(i)), run.statistics(i)});
  }
  return result;
}

// Parameters under their names, and their gradients under "gradient." and those; the statistics of
// batch normalisations before the step, and after it.
std::string tensors_of(const ImportedModel& imported, const std::vector<LayerParameters>& slopes) {
  std::vector<Tensor> tensors = to_tensors(imported.network, imported.parameters);
  for (Tensor& tensor : to_tensors(imported.network, slopes)) {
    tensor.name = "gradient." + tensor.name;
    tensors.push_back(std::move(tensor));
  }
  return safetensors_bytes(tensors);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Writes the gradients of an ONNX model's parameters in one training step"};
  app.add_option("model", options.model, "an ONNX file that ends with softmax")->required();
  app.add_option("images", options.images, "its input, .npy")->required();
  app.add_option("labels", options.labels, "a class for each image, .npy")->required();
  app.add_option("output", options.output, "safetensors")->required();
  CLI11_PARSE(app, argc, argv);
  const OnnxModel model = read_onnx_model(options.model);
  const NpyArray images = read_array(options.images), labels = read_array(options.labels);
  OnnxImportOptions wanted;
  wanted.needs_values = true;
  wanted.input_dims["image"] = images.shape;
  const ImportedModel imported = import_onnx(model, wanted, "network", options.model);
  const std::vector<uint8_t> classes(labels.values.begin(), labels.values.end());
  const std::vector<float> pixels =
      to_images(imported.inputs.front().view, static_cast<int64_t>(classes.size()), images.values);
  const BatchSource source(imported.network.input(), pixels, classes);
  write_file(options.output, tensors_of(imported, gradients(imported, source)));
  return 0;
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  return wattgrind::exit_status_of("onnx_gradients", [&] { return wattgrind::run(argc, argv); });
}
