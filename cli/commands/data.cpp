// wattgrind data NAME: what a data set holds; draws it to files or fetches it.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/data_advice.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/sentence.h"
#include "cli/terminal/table.h"
#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"
#include "search/data/data_source.h"
#include "search/data/mnist.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

struct Options {
  DataRequest request;
  std::string folder;  // to write the files to; empty: nowhere
  bool fetch = false;
};

struct Part {
  std::string name;
  const LabelledImages* images;
};

std::vector<Part> parts_of(const DataSet& set) {
  return {{"train", &set.train}, {"validation", &set.validation}, {"test", &set.test}};
}

std::vector<uint64_t> images_by_class(const LabelledImages& images, int classes) {
  std::vector<uint64_t> counts(static_cast<size_t>(classes));
  for (const uint8_t label : images.labels) ++counts[label];
  return counts;
}

// The class that a label stands for.
int class_of(const DataRequest& request, size_t label) {
  return request.selection.classes.empty() ? static_cast<int>(label)
                                           : request.selection.classes[label];
}

Table part_table(const DataSet& set, const DataRequest& request) {
  Table table;
  table.columns = {{"part", "part"}, {"images", "images"}};
  for (size_t label = 0; label < static_cast<size_t>(set.classes); ++label) {
    const int number = class_of(request, label);
    table.columns.push_back({fmt::format("class_{}", number), fmt::format("{}", number)});
  }
  for (const Part& part : parts_of(set)) {
    std::vector<Cell> row = {part.name, uint64_t{part.images->size()}};
    for (const uint64_t count : images_by_class(*part.images, set.classes)) row.emplace_back(count);
    table.rows.push_back(std::move(row));
  }
  return table;
}

ordered_json set_json(const DataSet& set, const DataRequest& request) {
  ordered_json json;
  json["schema"] = "wattgrind/data/1";
  json["set"] = request.set;
  json["seed"] = request.selection.seed;
  const FeatureShape& shape = set.train.shape;
  json["image"] = {shape.channels, shape.height, shape.width};
  for (size_t label = 0; label < static_cast<size_t>(set.classes); ++label) {
    json["classes"].push_back(class_of(request, label));
  }
  for (const Part& part : parts_of(set)) {
    json["parts"].push_back({{"name", part.name},
                             {"images", part.images->size()},
                             {"by_class", images_by_class(*part.images, set.classes)}});
  }
  return json;
}

std::string set_text(const DataSet& set, const DataRequest& request, Emphasis emphasis) {
  const FeatureShape& shape = set.train.shape;
  return sentence("{}: images of {}x{}x{}\n\n", describe(request), shape.channels, shape.height,
                  shape.width) +
         aligned_text(part_table(set, request), emphasis);
}

void fetch(Options& options, bool quiet) {
  if (options.request.set == "digits") {
    fail(ErrorKind::kUsage, "--fetch: digits are drawn by the program, nothing is to be fetched");
  }
  const InterruptGuard guard;
  ProgressLine progress(quiet);
  fetch_mnist([&](const RemoteFile& file, uint64_t done) {
    progress.show(file.name + ", bytes", done, file.bytes);
  });
  options.request.path = mnist_cache_folder();
}

void show_data(Options options, const OutputOptions& output_options) {
  check_data_set_name(options.request.set);
  Output output(output_options);
  if (options.fetch) fetch(options, output_options.quiet);
  options.request.selection = effective_selection(options.request);
  const DataSet set = with_data_advice("--path", [&] { return load_data(options.request); });
  if (!options.folder.empty()) write_as_mnist(set, options.folder);
  output.print({[&](Emphasis emphasis) { return set_text(set, options.request, emphasis); },
                [&] { return set_json(set, options.request); },
                [&] { return part_table(set, options.request); }});
}

}  // namespace

void add_data_command(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("data", "Fetch or draw a data set, show what it holds");
  auto options = std::make_shared<Options>();
  DataRequest& request = options->request;
  command->add_option("set", request.set, "digits (drawn by the program), mnist or mnist_small")
      ->required()
      ->type_name("NAME");
  CLI::Option* path = command->add_option("--path", request.path, "Folder with MNIST's IDX files");
  path->type_name("DIR");
  command->add_flag("--fetch", options->fetch, "Download MNIST into the cache folder")
      ->excludes(path);
  command->add_option("--classes", request.selection.classes, "Only these, as in 0,1")
      ->check(integer_of_at_least(0))
      ->delimiter(',')
      ->type_name("A,B");
  const auto add_size = [command](const std::string& name, std::optional<uint64_t>& size,
                                  const std::string& description) {
    command->add_option(name, size, description)->check(integer_of_at_least(0))->type_name("N");
  };
  add_size("--train", request.selection.train, "Training images");
  add_size("--validation", request.selection.validation, "Validation images");
  add_size("--test", request.selection.test, "Test images");
  command->add_option("--seed", request.selection.seed, "Of what is drawn or picked (default: 1)")
      ->check(integer_of_at_least(0))
      ->type_name("S");
  command->add_option("--write", options->folder, "Write the images to IDX files in a folder")
      ->type_name("DIR");
  const auto output_options = add_output_options(*command);
  command->callback([options, output_options] { show_data(*options, *output_options); });
}

}  // namespace wattgrind
