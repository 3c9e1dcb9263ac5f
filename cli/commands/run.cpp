// wattgrind run NETWORK: computes a network's outputs natively, and compares them with a
// framework's.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/data_run.h"
#include "cli/commands/dimension_option.h"
#include "cli/commands/network_run.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/sentence.h"
#include "cli/terminal/table.h"
#include "estimator/base/error.h"
#include "estimator/formats/json_text.h"
#include "estimator/formats/npy.h"
#include "estimator/onnx/placement.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct RunOptions {
  RunRequest request;
  DataRunRequest data;
  bool has_data = false;
  std::string output_folder;
  int64_t top = 0;
  std::shared_ptr<OutputOptions> output;
};

void write_outputs(const std::string& folder, const RunResult& result) {
  if (folder.empty()) return;
  fs::create_directories(folder);
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    write_file(fs::path(folder) / (result.outputs[i].view.source.substr(
                                       result.outputs[i].view.source.rfind('/') + 1) +
                                   ".npy"),
               write_npy({dims_for_batch(result.outputs[i].view, result.batch), result.values[i]}));
  }
}

struct Extremes {
  float low = 0, high = 0;
  double mean = 0;
};

Extremes extremes_of(const std::vector<float>& values) {
  Extremes extremes{values.front(), values.front(), 0};
  for (const float value : values) {
    extremes.low = std::min(extremes.low, value);
    extremes.high = std::max(extremes.high, value);
    extremes.mean += double{value} / static_cast<double>(values.size());
  }
  return extremes;
}

Table output_table(const RunResult& result) {
  Table table;
  table.columns = {{"output", "output"},
                   {"shape", "shape"},
                   {"least", "least", 6},
                   {"mean", "mean", 6},
                   {"largest", "largest", 6}};
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const Extremes extremes = extremes_of(result.values[i]);
    table.rows.push_back(
        {result.outputs[i].name,
         fmt::format("{}", fmt::join(dims_for_batch(result.outputs[i].view, result.batch), "x")),
         double{extremes.low}, extremes.mean, double{extremes.high}});
  }
  return table;
}

// The largest values of each image of the first output.
struct RankedClass {
  int64_t image = 0, place = 0;
  float value = 0;
};
std::vector<RankedClass> top_classes(const RunResult& result, int64_t top) {
  std::vector<RankedClass> ranked;
  if (top == 0) return ranked;
  const std::vector<float>& values = result.values.front();
  const auto classes = static_cast<int64_t>(values.size()) / result.batch;
  for (int64_t n = 0; n < result.batch; ++n) {
    std::vector<RankedClass> all;
    for (int64_t i = 0; i < classes; ++i) {
      all.push_back({n, i, values[static_cast<size_t>(n * classes + i)]});
    }
    std::ranges::stable_sort(all, std::greater<>(), &RankedClass::value);
    all.resize(static_cast<size_t>(std::min(top, classes)));
    ranked.insert(ranked.end(), all.begin(), all.end());
  }
  return ranked;
}

std::string comparison_text(const CheckedOutput& c) {
  if (c.outside == 0) {
    return fmt::format("{}: agrees with {}: largest error {:.3g} ({:.3g} of the largest value)\n",
                       c.output, c.source, c.largest_error, c.relative);
  }
  return fmt::format(
      "{}: differs from {}: {} of {} values outside the tolerance; largest error {:.3g} at value "
      "{}: "
      "found {:.6g}, wanted {:.6g}\n",
      c.output, c.source, c.outside, c.values, c.largest_error, c.place, c.found, c.wanted);
}

std::string result_text(const RunResult& result, int64_t top, const TextPage& page) {
  std::string text =
      fmt::format("{}: {} image{}, run natively\n\n{}", result.network, result.batch,
                  result.batch == 1 ? "" : "s", aligned_text(output_table(result), page));
  for (const RankedClass& ranked : top_classes(result, top)) {
    text += fmt::format("image {}: class {} {:.6f}\n", ranked.image, ranked.place, ranked.value);
  }
  if (!result.comparisons.empty()) text += "\n";
  for (const CheckedOutput& comparison : result.comparisons) text += comparison_text(comparison);
  return text;
}

ordered_json result_json(const RunResult& result, int64_t top) {
  ordered_json json{
      {"schema", "wattgrind/run/1"}, {"network", result.network}, {"batch", result.batch}};
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const Extremes extremes = extremes_of(result.values[i]);
    json["outputs"].push_back({{"name", result.outputs[i].name},
                               {"shape", dims_for_batch(result.outputs[i].view, result.batch)},
                               {"least", extremes.low},
                               {"mean", extremes.mean},
                               {"largest", extremes.high}});
  }
  for (const RankedClass& ranked : top_classes(result, top)) {
    json["top"].push_back(
        {{"image", ranked.image}, {"class", ranked.place}, {"value", ranked.value}});
  }
  for (const CheckedOutput& c : result.comparisons) {
    json["checks"].push_back({{"output", c.output},
                              {"largest_error", c.largest_error},
                              {"relative_to_largest", c.relative},
                              {"outside", c.outside},
                              {"values", c.values}});
  }
  return json;
}

Table accuracy_table(const DataRunResult& result) {
  Table table;
  table.columns = {{"arithmetic", "arithmetic"}, {"accuracy_percent", "accuracy (%)", 2}};
  table.rows.push_back({std::string("as given"), 100 * result.accuracy});
  if (result.accuracy_on_bytes) {
    table.rows.push_back({std::string("int8"), 100 * *result.accuracy_on_bytes});
  }
  return table;
}

std::string accuracy_text(const DataRunResult& result, const TextPage& page) {
  std::string text = sentence("{} on {}: {} test images\n", result.network, result.data,
                              with_separators(result.images));
  if (result.accuracy_on_bytes) {
    text += fmt::format("Ranges of maps from {} training images\n", result.calibration_images);
  }
  return text + "\n" + aligned_text(accuracy_table(result), page);
}

ordered_json accuracy_json(const DataRunResult& result) {
  ordered_json json{{"schema", "wattgrind/run/1"},
                    {"network", result.network},
                    {"data", result.data},
                    {"images", result.images},
                    {"accuracy", result.accuracy}};
  if (result.accuracy_on_bytes) {
    json["int8"] = {{"accuracy", *result.accuracy_on_bytes},
                    {"calibration_images", result.calibration_images}};
  }
  return json;
}

void print_accuracy(const RunOptions& options) {
  if (!options.request.inputs.empty() || !options.request.checks.empty()) {
    fail(ErrorKind::kUsage, "--data: found --input or --check beside it, wanted one of them");
  }
  Output output(*options.output);
  ProgressLine progress(options.output->quiet);
  const DataRunResult result = run_on_data(
      options.request, options.data, [&](std::string_view what, uint64_t done, uint64_t total) {
        progress.show(std::string(what), done, total);
      });
  output.print({[&](const TextPage& page) { return accuracy_text(result, page); },
                [&] { return accuracy_json(result); }, [&] { return accuracy_table(result); }});
}

// What is of --data alone.
void check_data_options(const RunOptions& options) {
  if (options.data.quantize.quantize) {
    fail(ErrorKind::kUsage,
         "--quantize: layer {} has no scale: give --data SET, on whose images ranges are measured, "
         "or a network file that has scales",
         first_product(find_network(options.request.network, options.request.dimensions)));
  }
  if (!options.data.write_network.empty() || !options.data.write_weights.empty()) {
    fail(ErrorKind::kUsage, "--write-network and --write-weights want --data and --quantize");
  }
}

void print_run(const RunOptions& options) {
  if (options.has_data) {
    print_accuracy(options);
    return;
  }
  check_data_options(options);
  Output output(*options.output);
  const RunResult result = run_network(options.request);
  write_outputs(options.output_folder, result);
  output.print({[&](const TextPage& page) { return result_text(result, options.top, page); },
                [&] { return result_json(result, options.top); },
                [&] { return output_table(result); }});
  for (const CheckedOutput& comparison : result.comparisons) {
    if (comparison.outside > 0) {
      fail(ErrorKind::kFailed, "{}: output {} differs from {}", options.request.network,
           quote_json(comparison.output), comparison.source);
    }
  }
}

}  // namespace

void add_run_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "run", "Compute a network's outputs natively, and compare them with a framework's");
  auto options = std::make_shared<RunOptions>();
  command
      ->add_option("network", options->request.network,
                   "An .onnx file, a .json file or a built-in network")
      ->type_name("NETWORK")
      ->required();
  command
      ->add_option("--input", options->request.inputs,
                   "An input's values: .npy, ONNX's .pb, or random:SEED (default random:1); once "
                   "for each input")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  command->add_option("--check", options->request.checks, "What an output should be: .npy or .pb")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--tolerance", options->request.relative,
                   "How far a checked value may be off: a share")
      ->type_name("SHARE")
      ->check(number_from(0, 1e30))
      ->capture_default_str();
  command
      ->add_option("--absolute-tolerance", options->request.absolute,
                   "And beside its share so much")
      ->type_name("VALUE")
      ->check(number_from(0, 1e30))
      ->capture_default_str();
  command
      ->add_option("--batch", options->request.batch, "Images (default: those of the inputs, or 1)")
      ->check(positive_integer())
      ->type_name("N");
  command->add_option("--top", options->top, "Show the largest values of each image")
      ->check(integer_from(0, 1000))
      ->type_name("K");
  command->add_option("--weights", options->request.weights, "Parameters from a safetensors file")
      ->type_name("FILE");
  command->add_option("--output", options->output_folder, "Write every output as .npy here")
      ->type_name("FOLDER");
  command
      ->add_option("--keep", options->request.keep_folder, "Write every layer's map as .npy here")
      ->type_name("FOLDER");
  command
      ->add_option_function<std::string>(
          "--plan",
          [options](const std::string& word) {
            options->request.plan = word == name(Plan::kFused) ? Plan::kFused : Plan::kLayers;
          },
          "Kernels as inference engines fuse them (default), or a kernel a layer (with --keep)")
      ->check(CLI::IsMember({"fused", "layers"}).description(""))
      ->type_name("fused|layers");
  command
      ->add_option(
          "--algorithm", options->request.algorithm,
          "Of convolutions: direct, trimmed, im2col, pointwise, winograd2, winograd4, fft wherever "
          "it applies, or LAYER=NAME of one layer (default: what the processor's "
          "instruction set favours of those that round as direct does)")
      ->type_name("NAME|LAYER=NAME,...");
  add_dimension_option(*command, options->request.dimensions);
  command
      ->add_option_function<std::string>(
          "--data",
          [options](const std::string& set) {
            options->data.data.set = set;
            options->has_data = true;
          },
          "Instead of inputs: the test images of a data set, and the accuracy on them")
      ->check(
          CLI::IsMember(std::vector<std::string>(data_set_names().begin(), data_set_names().end()))
              .description(""))
      ->type_name(fmt::format("{}", fmt::join(data_set_names(), "|")));
  command->add_option("--path", options->data.path, "The folder of mnist's files")
      ->type_name("FOLDER");
  command
      ->add_option("--calibration-images", options->data.calibration_images,
                   "Training images that --quantize measures the ranges of maps on")
      ->check(positive_integer())
      ->type_name("N")
      ->capture_default_str();
  add_quantize_options(*command, options->data.quantize);
  command
      ->add_option("--write-network", options->data.write_network,
                   "Write the quantized network's file, with its scales")
      ->type_name("FILE");
  command
      ->add_option("--write-weights", options->data.write_weights,
                   "Write the quantized network's parameters as safetensors")
      ->type_name("FILE");
  options->output = add_output_options(*command, "-o");
  command->callback([options] { print_run(*options); });
}

}  // namespace wattgrind
