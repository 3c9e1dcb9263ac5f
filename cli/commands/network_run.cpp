#include "cli/commands/network_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "estimator/base/error.h"
#include "estimator/base/random.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/npy.h"
#include "estimator/network/layer_kind.h"
#include "estimator/onnx/model_file.h"
#include "estimator/onnx/placement.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/file_text.h"
#include "kernels/run/inference_run.h"
#include "search/training/network_weights.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRandom = "random:";

// A tensor as a file has it, or drawn from a seed.
struct GivenTensor {
  std::string name;  // of the input or output; empty: the next one in order
  std::string source;
  OnnxTensor tensor;
  std::shared_ptr<const MappedFile> file;  // what the tensor's bytes may lie in
  std::optional<uint64_t> seed;
};

GivenTensor read_tensor(std::string name, const std::string& source) {
  GivenTensor given{std::move(name), source, {}, nullptr, std::nullopt};
  if (source.starts_with(kRandom)) {
    const std::string digits = source.substr(kRandom.size());
    uint64_t seed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      fail(ErrorKind::kUsage, "found {}, wanted random: and a whole number", quote_json(source));
    }
    given.seed = seed;
  } else if (source.ends_with(".npy")) {
    NpyArray array = read_npy(read_file(source), source);
    given.tensor = {"", OnnxType::kFloat, std::move(array.shape), std::move(array.values)};
  } else if (source.ends_with(".pb")) {
    OnnxTensorFile file = read_onnx_tensor(source);
    given.tensor = std::move(file.tensor);
    given.file = std::move(file.file);
  } else {
    fail(ErrorKind::kUsage, "found {}, wanted a file ending in .npy or .pb, or random:SEED",
         quote_json(source));
  }
  return given;
}

// "NAME=FILE" where NAME is one of `names`, else a file.
std::vector<GivenTensor> read_tensors(std::string_view option,
                                      const std::vector<std::string>& texts,
                                      const std::vector<std::string>& names) {
  return with_option(option, [&] {
    std::vector<GivenTensor> tensors;
    for (const std::string& text : texts) {
      const size_t equals = text.find('=');
      const std::string name = equals == std::string::npos ? "" : text.substr(0, equals);
      const bool is_named = std::ranges::find(names, name) != names.end();
      if (!name.empty() && !is_named && !fs::exists(text)) {
        fail(ErrorKind::kUsage, "found the name {}, wanted one of {}", quote_json(name),
             fmt::join(names, ", "));
      }
      tensors.push_back(
          read_tensor(is_named ? name : "", is_named ? text.substr(equals + 1) : text));
    }
    // Those without a name take, in order, the names that nobody gave.
    for (GivenTensor& tensor : tensors) {
      for (size_t i = 0; i < names.size() && tensor.name.empty(); ++i) {
        if (std::ranges::find(tensors, names[i], &GivenTensor::name) == tensors.end()) {
          tensor.name = names[i];
        }
      }
      if (tensor.name.empty()) {
        fail(ErrorKind::kUsage, "is there {} times, wanted {} at most", tensors.size(),
             names.size());
      }
    }
    return tensors;
  });
}

const GivenTensor* find_given(const std::vector<GivenTensor>& given, const std::string& name) {
  const auto found = std::ranges::find(given, name, &GivenTensor::name);
  return found == given.end() ? nullptr : &*found;
}

// Values in [-1, 1) or, for an input of whole numbers, 0 and 1.
std::vector<float> random_tensor(uint64_t seed, size_t values, bool is_integer) {
  Random random(seed);
  std::vector<float> result(values);
  for (float& value : result) {
    const double drawn = 2 * random.uniform() - 1;
    value = static_cast<float>(is_integer ? std::floor(drawn + 1) : drawn);
  }
  return result;
}

class NetworkRun {
 public:
  explicit NetworkRun(const RunRequest& request) : request_(request) {
    if (is_onnx_file(request.network)) {
      load_model();
    } else {
      runnable_ = find_runnable(request.network);
      given_ = read_tensors("--input", request.inputs, names_of(runnable_.inputs));
    }
    for (const std::string& note : runnable_.network.notes) {
      print_message(fmt::format("{}: {}", request.network, note));
    }
    batch_ = find_batch();
    load_weights();
    check_values();
  }

  RunResult run() {
    const std::vector<GivenTensor> wanted =
        read_tensors("--check", request_.checks, names_of(runnable_.outputs));
    InferenceRun inference(runnable_.network, batch_, plan_request());
    for (size_t i = 0; i < runnable_.parameters.size(); ++i) {
      if (has_parameters(i)) inference.set_parameters(i, runnable_.parameters[i]);
    }
    for (const PlacedTensor& input : runnable_.inputs) {
      inference.set_input(input_number_of(input.view.source),
                          to_images(input.view, batch_, input_values(input)));
    }
    inference.run(keeper(inference));
    RunResult result{runnable_.network.name, batch_, runnable_.outputs, {}, {}};
    for (const PlacedTensor& output : runnable_.outputs) {
      result.values.push_back(
          to_tensor(output.view, batch_, inference.map(layer_of(output.view.source))));
    }
    for (const GivenTensor& tensor : wanted) result.comparisons.push_back(compare(result, tensor));
    return result;
  }

 private:
  PlanRequest plan_request() const {
    return {plan(), within("--algorithm", [&] { return algorithm_request(request_.algorithm); })};
  }

  Plan plan() const {
    const bool keeps = !request_.keep_folder.empty();
    if (keeps && request_.plan == Plan::kFused) {
      fail(ErrorKind::kUsage,
           "--keep wants every layer's map: take --plan layers, or leave it out");
    }
    return request_.plan.value_or(keeps ? Plan::kLayers : Plan::kFused);
  }

  static std::vector<std::string> names_of(const std::vector<PlacedTensor>& tensors) {
    std::vector<std::string> names;
    for (const PlacedTensor& tensor : tensors) names.push_back(tensor.name);
    return names;
  }

  void load_model() {
    model_ = read_onnx_model(request_.network);
    std::vector<std::string> names;
    for (const OnnxGraphValue& input : model_.inputs) names.push_back(input.name);
    given_ = read_tensors("--input", request_.inputs, names);
    OnnxImportOptions options;
    options.dimensions = request_.dimensions;
    options.needs_values = true;
    for (const GivenTensor& tensor : given_) {
      if (tensor.seed) continue;
      if (is_parameter_input(model_, tensor.name)) {
        options.constants[tensor.name] = tensor.tensor;
      } else {
        options.input_dims[tensor.name] = tensor.tensor.dims;
      }
    }
    runnable_ =
        with_option("--dim", [&] { return find_runnable(request_.network, model_, options); });
  }

  // The batch that is asked for, or that the inputs given have.
  int64_t find_batch() const {
    int64_t batch = runnable_.batch;
    for (const PlacedTensor& input : runnable_.inputs) {
      const GivenTensor* const given = find_given(given_, input.name);
      const auto axis = input.view.batch_axis();
      if (given == nullptr || given->seed || !axis || given->tensor.dims.size() <= *axis) continue;
      batch = given->tensor.dims[*axis] / input.view.map_extent(*axis);
    }
    if (request_.batch && batch != 1 && batch != *request_.batch) {
      fail(ErrorKind::kUsage, "--batch: found {}, but the inputs hold {} images", *request_.batch,
           batch);
    }
    return request_.batch.value_or(std::max<int64_t>(1, batch));
  }

  void load_weights() {
    if (request_.weights.empty()) return;
    const std::string where = fs::path(request_.weights).filename().string();
    runnable_.parameters = from_tensors(
        runnable_.network, parse_safetensors(read_file(request_.weights), where), where);
    runnable_.has_values = true;
  }

  void check_values() const {
    if (!runnable_.has_values) {
      fail(ErrorKind::kInput,
           "{}: its weights are absent: give them with --weights FILE (safetensors)",
           request_.network);
    }
    for (size_t i = 0; i < runnable_.parameters.size(); ++i) {
      const LayerParameters& held = runnable_.parameters[i];
      for (const auto* values : {&held.weights, &held.bias, &held.statistics}) {
        const bool is_odd = std::ranges::any_of(*values, [](float v) { return std::isnan(v); });
        if (is_odd) {
          fail(ErrorKind::kInput, "{}: layer {}: found weights that are no numbers (NaN)",
               request_.network, runnable_.network.layers[i].name);
        }
      }
    }
  }

  bool has_parameters(size_t layer) const {
    return !parameter_tensors(runnable_.network.layers[layer]).empty();
  }

  size_t input_number_of(const std::string& source) const {
    const auto& inputs = runnable_.network.inputs;
    return static_cast<size_t>(std::ranges::find(inputs, source, &NetworkInput::name) -
                               inputs.begin());
  }
  int layer_of(const std::string& source) const {
    const auto& layers = runnable_.network.layers;
    return static_cast<int>(std::ranges::find(layers, source, &Layer::name) - layers.begin());
  }

  bool is_integer_input(const std::string& name) const {
    const auto found = std::ranges::find(model_.inputs, name, &OnnxGraphValue::name);
    return found != model_.inputs.end() && is_integer(found->type);
  }

  std::vector<float> input_values(const PlacedTensor& input) const {
    const std::vector<int64_t> dims = dims_for_batch(input.view, batch_);
    const GivenTensor* const given = find_given(given_, input.name);
    const bool is_drawn = given == nullptr || given->seed;
    if (is_drawn) {
      return random_tensor(given == nullptr ? 1 : *given->seed, static_cast<size_t>(product(dims)),
                           is_integer_input(input.name));
    }
    std::vector<int64_t> found = given->tensor.dims;
    // A single image may come without its batch.
    if (batch_ == 1 && found.size() + 1 == dims.size() && input.view.is_batch(0)) {
      found.insert(found.begin(), 1);
    }
    if (product(found) != product(dims) || (found.size() == dims.size() && found != dims)) {
      fail(ErrorKind::kInput, "{}: found the shape [{}], wanted [{}] for input {}", given->source,
           fmt::join(given->tensor.dims, ", "), fmt::join(dims, ", "), quote_json(input.name));
    }
    return to_floats(given->tensor, given->source);
  }

  // Writes every layer's map as soon as it is there.
  std::function<void(size_t)> keeper(const InferenceRun& inference) const {
    if (request_.keep_folder.empty()) return {};
    fs::create_directories(request_.keep_folder);
    return [this, &inference](size_t index) {
      const Layer& layer = runnable_.network.layers[index];
      const FeatureShape& shape = layer.output_shape;
      std::string name = layer.name;
      std::ranges::replace(name, '/', '_');
      write_file(fs::path(request_.keep_folder) / (name + ".npy"),
                 write_npy({{batch_, shape.channels, shape.height, shape.width},
                            inference.map(static_cast<int>(index))}));
    };
  }

  CheckedOutput compare(const RunResult& result, const GivenTensor& tensor) const {
    const auto output = std::ranges::find(runnable_.outputs, tensor.name, &PlacedTensor::name);
    const auto index = static_cast<size_t>(output - runnable_.outputs.begin());
    const std::vector<float>& found = result.values[index];
    if (tensor.seed) {
      fail(ErrorKind::kUsage, "--check found {}, wanted a file ending in .npy or .pb",
           quote_json(tensor.source));
    }
    const std::vector<float> wanted = to_floats(tensor.tensor, tensor.source);
    if (wanted.size() != found.size()) {
      fail(ErrorKind::kInput, "{}: found the shape [{}], wanted [{}] for output {}", tensor.source,
           fmt::join(tensor.tensor.dims, ", "),
           fmt::join(dims_for_batch(output->view, batch_), ", "), quote_json(tensor.name));
    }
    CheckedOutput comparison{tensor.name, fs::path(tensor.source).filename().string()};
    comparison.values = found.size();
    double largest = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      const double error = std::abs(double{found[i]} - double{wanted[i]});
      const bool is_same = found[i] == wanted[i] || (std::isnan(found[i]) && std::isnan(wanted[i]));
      largest = std::max(largest, std::abs(double{wanted[i]}));
      const double bound = request_.absolute + request_.relative * std::abs(double{wanted[i]});
      if (!is_same && !(error <= bound)) ++comparison.outside;
      if (!is_same && !(error <= comparison.largest_error)) {
        comparison.largest_error = error;
        comparison.place = i;
        comparison.found = found[i];
        comparison.wanted = wanted[i];
      }
    }
    comparison.relative = largest > 0 ? comparison.largest_error / largest : 0;
    return comparison;
  }

  const RunRequest& request_;
  OnnxModel model_;
  ImportedModel runnable_;
  std::vector<GivenTensor> given_;
  int64_t batch_ = 1;
};

}  // namespace

RunResult run_network(const RunRequest& request) { return NetworkRun(request).run(); }

}  // namespace wattgrind
