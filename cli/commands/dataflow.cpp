// wattgrind dataflow NETWORK --accelerator A: energy of every layer on a spatial accelerator.
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/dimension_option.h"
#include "cli/commands/measured_zeros.h"
#include "cli/commands/report_option.h"
#include "cli/pages/dataflow_page.h"
#include "cli/reports/dataflow_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/choice_option.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "estimator/accelerator/accelerator_file.h"
#include "estimator/base/error.h"
#include "estimator/catalog/accelerator_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/dataflow/dataflow_estimate.h"
#include "estimator/dataflow/mit_file.h"
#include "estimator/dataflow/sparsity_file.h"
#include "estimator/system/file_text.h"

namespace wattgrind {
namespace {

struct DataflowOptions {
  std::string network, accelerator, dataflow, sparsity, page;
  DimensionSizes dimensions;
  std::optional<int64_t> batch;
  MappingObjective objective = MappingObjective::kEnergy;
  std::optional<AcceleratorUnit> unit;
  bool by_tensor = false;
  bool show_mapping = false;
  std::vector<std::string> layers;
  std::shared_ptr<OutputOptions> output;
};

constexpr std::string_view kMitEnding = ".mit.csv";

DataflowTasks read_tasks(const DataflowOptions& options) {
  if (options.network.ends_with(kMitEnding)) {
    if (options.batch) {
      fail(ErrorKind::kUsage, "--batch: {} tells its own number of images", options.network);
    }
    if (!options.sparsity.empty()) {
      fail(ErrorKind::kUsage, "--sparsity: {} tells its own zeros", options.network);
    }
    return read_mit_file(read_file(options.network, kMostDescriptionBytes), options.network);
  }
  const Network network = find_network_of(options.network, options.dimensions);
  DataflowTasks tasks = tasks_of(network, options.batch.value_or(1));
  if (options.sparsity.empty()) return tasks;
  if (std::filesystem::is_directory(options.sparsity)) {
    set_measured_zeros(network, options.sparsity, tasks);
  } else {
    set_zeros(read_sparsity(read_file(options.sparsity, kMostDescriptionBytes), options.sparsity),
              options.sparsity, tasks);
  }
  return tasks;
}

// Only the layers that were asked for.
void choose_layers(const std::vector<std::string>& names, DataflowTasks& tasks) {
  if (names.empty()) return;
  for (const std::string& name : names) {
    const auto has_name = [&](const DataflowTask& task) { return task.name == name; };
    if (std::none_of(tasks.layers.begin(), tasks.layers.end(), has_name)) {
      fail(ErrorKind::kUsage, "--layers: {} has no layer {}", tasks.network, name);
    }
  }
  std::erase_if(tasks.layers, [&](const DataflowTask& task) {
    return std::find(names.begin(), names.end(), task.name) == names.end();
  });
}

void run_dataflow(const DataflowOptions& options) {
  const Accelerator accelerator = find_accelerator(options.accelerator);
  const Dataflow& dataflow =
      find_dataflow(options.dataflow.empty() ? accelerator.dataflow : options.dataflow);
  DataflowTasks tasks = read_tasks(options);
  choose_layers(options.layers, tasks);
  Output output(*options.output);
  ReportFile page(options.page);
  // MIT's file needs no mapping, which takes long.
  std::optional<DataflowEstimate> found;
  const auto estimate = [&]() -> const DataflowEstimate& {
    if (!found) {
      found = estimate_dataflow(tasks, accelerator, dataflow, options.objective,
                                options.unit.value_or(preferred_unit(accelerator)));
    }
    return *found;
  };
  const auto table = [&](bool for_people) {
    return options.by_tensor ? dataflow_tensor_table(estimate(), for_people)
                             : dataflow_table(estimate(), for_people);
  };
  page.write([&](const PageOrigin& origin) { return dataflow_page(estimate(), origin); });
  output.print({[&](const TextPage& of) {
                  return options.show_mapping ? mappings_text(estimate())
                                              : dataflow_text(estimate(), options.by_tensor, of);
                },
                [&] { return dataflow_json(estimate()); }, [&] { return table(false); },
                [&] { return write_mit_file(tasks, accelerator); }, [&] { return table(true); }});
}

std::string dataflow_words() {
  std::vector<std::string_view> names;
  for (const auto& dataflow : dataflows()) names.push_back(dataflow->name());
  return fmt::format("{}", fmt::join(names, "|"));
}

}  // namespace

void add_dataflow_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "dataflow", "Energy of every layer on a spatial accelerator, its mapping searched");
  auto options = std::make_shared<DataflowOptions>();
  command
      ->add_option("network", options->network,
                   "A built-in name, a file, a topology in short, or 25 columns a layer as MIT's "
                   "tool reads them (.mit.csv)")
      ->required()
      ->type_name("NETWORK");
  add_dimension_option(*command, options->dimensions);
  command
      ->add_option("--accelerator", options->accelerator,
                   "A built-in name (eyeriss_isca16, eyeriss_chip, tpu_like) or a .json file")
      ->required()
      ->type_name("ACCELERATOR");
  command
      ->add_option("--dataflow", options->dataflow,
                   "How layers lie on the array (default: what the accelerator is built for)")
      ->type_name(dataflow_words());
  command->add_option("--batch", options->batch, "Images at once (default 1)")
      ->check(integer_from(1, kMostImages))
      ->type_name("N");
  add_choice(*command, "--objective", options->objective,
             "What mappings are chosen by: energy (default), cycles, or their product",
             std::map<std::string, MappingObjective>{{"energy", MappingObjective::kEnergy},
                                                     {"delay", MappingObjective::kDelay},
                                                     {"edp", MappingObjective::kEnergyDelay}});
  add_choice(
      *command, "--units", options->unit,
      "Picojoules (default where the accelerator has them), or multiples of one MAC's energy",
      std::map<std::string, AcceleratorUnit>{{"pj", AcceleratorUnit::kPicojoules},
                                             {"mac", AcceleratorUnit::kMacs}});
  add_choice(*command, "--by", options->by_tensor,
             "Energy by layer and level (default), or by layer and what moves",
             std::map<std::string, bool>{{"layer", false}, {"tensor", true}});
  command
      ->add_option("--sparsity", options->sparsity,
                   "Zeros by layer: a .json file, or the folder that `run --keep` wrote maps to")
      ->type_name("FILE|FOLDER");
  command
      ->add_option_function<std::string>(
          "--show", [options](const std::string&) { options->show_mapping = true; },
          "Show the loop nest of every layer's mapping instead")
      ->check(CLI::IsMember({"mapping"}).description(""))
      ->type_name("mapping");
  command->add_option("--layers", options->layers, "Only these layers")
      ->type_name("A,B,...")
      ->delimiter(',');
  add_report_option(*command, options->page);
  options->output = add_output_options(*command, "-o,--output", "mit");
  command->callback([options] { run_dataflow(*options); });
}

}  // namespace wattgrind
