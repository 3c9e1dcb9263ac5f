// wattgrind prune NETWORK: a smaller network that takes a part of the energy.
#include "search/pruning/prune.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/commands/commands.h"
#include "cli/commands/data_advice.h"
#include "cli/commands/host_pin.h"
#include "cli/commands/size_options.h"
#include "cli/reports/prune_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/network/network_file.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"
#include "search/data/data_source.h"
#include "search/training/network_weights.h"

namespace wattgrind {
namespace {

struct PruneArguments {
  std::string network, machine = "host", budget, weights, to, to_weights, method = "energy", path,
                       plot;
  DataRequest data{"digits", {}, {}};
  uint64_t epochs = 10;
  PruningOptions pruning;
  SizeBounds bounds;
  bool compare = false;
  std::shared_ptr<OutputOptions> output;
};

// "energy=0.5": the part of the energy that may be left.
double read_budget(const std::string& text) {
  constexpr std::string_view kEnergy = "energy=";
  double part = 0;
  const char* const end = text.data() + text.size();
  if (text.starts_with(kEnergy)) {
    const auto [rest, error] = std::from_chars(text.data() + kEnergy.size(), end, part);
    if (error == std::errc() && rest == end && part > 0 && part < 1) return part;
  }
  fail(ErrorKind::kUsage, "--budget: found {}, wanted energy=PART with a part between 0 and 1",
       text);
}

PruningOrder order_named(std::string_view word) {
  const auto found = std::ranges::find(kPruningOrderNames, word);
  return static_cast<PruningOrder>(found - kPruningOrderNames.begin());
}

// Half of the images that the user leaves to training are too many to choose by, and few are too
// noisy.
constexpr uint64_t kValidationImages = 2000;

DataSet load_parts(const PruneArguments& arguments) {
  DataRequest request = arguments.data;
  if (!arguments.path.empty()) request.path = arguments.path;
  request.selection.seed = arguments.pruning.training.seed;
  if (!request.selection.validation) request.selection.validation = kValidationImages;
  return with_data_advice("--path", [&] { return load_data(request); });
}

// The network with the weights of the file or, without one, trained.
TrainedNetwork trained_network(const PruneArguments& arguments, const Network& network,
                               const DataSet& data) {
  Trainer trainer(network, data.train, data.classes, arguments.pruning.training);
  if (!arguments.weights.empty()) {
    const std::string where = std::filesystem::path(arguments.weights).filename().string();
    trainer.set_parameters(
        from_tensors(network, parse_safetensors(read_file(arguments.weights), where), where));
    return {network, trainer.parameters()};
  }
  ProgressLine progress(arguments.output->quiet);
  for (uint64_t epoch = 1; epoch <= arguments.epochs; ++epoch) {
    const EpochResult result = trainer.train_epoch([&](uint64_t done, uint64_t total) {
      progress.show(fmt::format("training, epoch {}/{}", epoch, arguments.epochs), done, total);
    });
    if (!std::isfinite(result.loss)) {
      fail(ErrorKind::kFailed, "{}: the loss is not a number: training diverged", network.name);
    }
  }
  return {network, trainer.parameters()};
}

double test_accuracy(const TrainedNetwork& trained, const DataSet& data,
                     const TrainingOptions& options) {
  Trainer trainer(trained.network, data.train, data.classes, options);
  trainer.set_parameters(trained.parameters);
  return trainer.accuracy(data.test);
}

PrunedCase pruned_case(const PruneArguments& arguments, const TrainedNetwork& trained,
                       const DataSet& data, const Machine& machine, PruningOrder order) {
  PruningOptions options = arguments.pruning;
  options.order = order;
  ProgressLine progress(arguments.output->quiet);
  double whole_pj = 0;
  PruningResult result = prune(trained, data, machine, options, [&](const PruningStep& step) {
    if (whole_pj == 0) whole_pj = step.energy_pj;
    progress.show(fmt::format("pruning by {}, accuracy {:.2f} %, energy in %",
                              kPruningOrderNames[static_cast<size_t>(order)], 100 * step.accuracy),
                  static_cast<uint64_t>(100 * step.energy_pj / whole_pj), 100);
  });
  const double accuracy = test_accuracy(result.network, data, options.training);
  return {order, std::move(result), accuracy};
}

std::string default_file(const PruneArguments& arguments) {
  return std::filesystem::path(arguments.network).filename().replace_extension("").string() +
         ".pruned.json";
}

void run_prune(PruneArguments arguments) {
  arguments.pruning.budget = read_budget(arguments.budget);
  const Network network = find_network(arguments.network);
  const Machine machine = find_machine(arguments.machine);
  const DataSet data = load_parts(arguments);
  refuse_oversize(arguments.network, network, {arguments.pruning.training.batch, true},
                  arguments.bounds);
  const std::string to = arguments.to.empty() ? default_file(arguments) : arguments.to;
  const std::string to_weights =
      arguments.to_weights.empty()
          ? std::filesystem::path(to).replace_extension(".safetensors").string()
          : arguments.to_weights;
  AtomicFile network_file(to), weights_file(to_weights);
  std::optional<AtomicFile> plot_file;
  if (!arguments.plot.empty()) plot_file.emplace(arguments.plot);
  Output output(*arguments.output);
  const InterruptGuard guard;
  const HostPin pin;

  const TrainedNetwork trained = trained_network(arguments, network, data);
  PruneReport report{network, machine.name, describe(arguments.data)};
  report.budget = arguments.pruning.budget;
  report.whole_test_accuracy = test_accuracy(trained, data, arguments.pruning.training);
  std::vector<PruningOrder> orders = {order_named(arguments.method)};
  for (size_t i = 0; arguments.compare && i < kPruningOrderNames.size(); ++i) {
    const auto order = static_cast<PruningOrder>(i);
    if (order != orders.front()) orders.push_back(order);
  }
  for (const PruningOrder order : orders) {
    report.cases.push_back(pruned_case(arguments, trained, data, machine, order));
  }
  const TrainedNetwork& pruned = report.cases.front().result.network;
  network_file.commit(write_network(pruned.network));
  weights_file.commit(safetensors_bytes(to_tensors(pruned.network, pruned.parameters)));
  if (plot_file) plot_file->commit(to_svg(prune_plot(report)));
  if (!arguments.output->quiet) {
    print_notice(fmt::format("{}: the network; {}: its weights", to, to_weights));
  }
  output.print({[&](const TextPage& page) { return prune_text(report, page); },
                [&] { return prune_json(report); }, [&] { return prune_csv(report); }});
}

void add_training_options(CLI::App& command, PruneArguments& arguments) {
  command.add_option("--data", arguments.data.set, "The data set")
      ->check(
          CLI::IsMember(std::vector<std::string>(data_set_names().begin(), data_set_names().end()))
              .description(""))
      ->type_name(fmt::format("{}", fmt::join(data_set_names(), "|")))
      ->capture_default_str();
  command.add_option("--path", arguments.path, "The folder of mnist's files");
  command
      .add_option("--train", arguments.data.selection.train, "Images to train on (default: all)")
      ->check(positive_integer());
  command
      .add_option("--validation", arguments.data.selection.validation,
                  fmt::format("Images that choose what goes (default: {})", kValidationImages))
      ->check(positive_integer());
  command.add_option("--weights", arguments.weights,
                     "A safetensors file of the network's weights (default: it is trained first)");
  command.add_option("--epochs", arguments.epochs, "Of training first, without --weights")
      ->check(positive_integer())
      ->capture_default_str();
  command.add_option("--tune-epochs", arguments.pruning.tune_epochs, "Of training after each step")
      ->check(integer_of_at_least(0))
      ->capture_default_str();
  command
      .add_option("--final-epochs", arguments.pruning.final_epochs, "Of training after the last")
      ->check(integer_of_at_least(0))
      ->capture_default_str();
  command.add_option("--batch", arguments.pruning.training.batch, "Images a training step")
      ->check(positive_integer())
      ->capture_default_str();
  command.add_option("--seed", arguments.pruning.training.seed, "Of weights, order and drawn data")
      ->check(integer_of_at_least(0))
      ->capture_default_str();
}

}  // namespace

void add_prune_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "prune", "Take filters and units out of a network until it needs a part of the energy");
  auto arguments = std::make_shared<PruneArguments>();
  command
      ->add_option("network", arguments->network,
                   "A built-in network, a .json file, or a short form (dffr:layers=3,width=12)")
      ->required();
  command
      ->add_option("--budget", arguments->budget,
                   "The part of the energy of an inference that may be left: energy=0.5")
      ->required()
      ->type_name("energy=PART");
  command->add_option("--machine", arguments->machine, "What the energy is of")
      ->capture_default_str();
  const std::vector<std::string> methods(kPruningOrderNames.begin(), kPruningOrderNames.end());
  command
      ->add_option("--method", arguments->method,
                   "What goes first: what saves most energy for the accuracy it costs, what is "
                   "weakest, or the same part of every layer")
      ->check(CLI::IsMember(methods).description(""))
      ->type_name("energy|magnitude|uniform")
      ->capture_default_str();
  command->add_flag("--compare", arguments->compare, "Show the other methods beside it");
  command->add_option("--step", arguments->pruning.step, "The part of the energy that a step takes")
      ->check(number_from(0.001, 0.9))
      ->capture_default_str();
  add_training_options(*command, *arguments);
  command
      ->add_option("--write-network", arguments->to,
                   "Where the network goes (default: NETWORK.pruned.json)")
      ->type_name("FILE");
  command
      ->add_option("--write-weights", arguments->to_weights,
                   "Where its weights go (default: beside it, .safetensors)")
      ->type_name("FILE");
  command
      ->add_option("--plot", arguments->plot,
                   "Draw accuracy over energy, step by step, as SVG (with --compare all methods)")
      ->type_name("FILE");
  add_size_options(*command, arguments->bounds);
  arguments->output = add_output_options(*command);
  command->callback([arguments] { run_prune(*arguments); });
}

}  // namespace wattgrind
