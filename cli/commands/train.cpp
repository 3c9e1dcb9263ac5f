// wattgrind train NETWORK: trains natively and reports loss and accuracy.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "cli/commands/commands.h"
#include "cli/commands/data_advice.h"
#include "cli/commands/host_pin.h"
#include "cli/commands/size_options.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/sentence.h"
#include "cli/terminal/table.h"
#include "estimator/base/error.h"
#include "estimator/catalog/network_source.h"
#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"
#include "search/data/data_source.h"
#include "search/training/network_weights.h"
#include "search/training/trainer.h"

namespace wattgrind {
namespace {

struct TrainOptions {
  std::string network;
  DataRequest data{"digits", {}, {}};
  std::string path;
  uint64_t epochs = 5;
  std::string optimizer = "adam";
  std::optional<double> learning_rate;
  TrainingOptions training;
  SizeBounds bounds;
  std::string weights;
  std::shared_ptr<OutputOptions> output;
};

struct TrainReport {
  std::string network, data, optimizer;
  std::optional<std::string> weights_from;  // the file training started from
  int64_t batch = 0;
  uint64_t seed = 0, train_images = 0, test_images = 0;
  std::vector<EpochResult> epochs;
  std::vector<double> test_accuracy;  // after each epoch, or of what was loaded
  Learning learning = Learning::kFell;
  int classes = 0;
};

Optimizer chosen_optimizer(const TrainOptions& options) {
  Optimizer optimizer = optimizer_named(options.optimizer).value();
  if (options.learning_rate) {
    std::visit([&](auto& kind) { kind.learning_rate = *options.learning_rate; }, optimizer);
  }
  return optimizer;
}

std::string learning_text(const TrainReport& report) {
  switch (report.learning) {
    case Learning::kFell:
      return "";
    case Learning::kDidNotFall:
      return fmt::format("\nThe loss did not fall below that of guessing, ln {} = {:.3f}.\n",
                         report.classes, std::log(report.classes));
    case Learning::kNotANumber:
      return "\nThe loss is not a number: training diverged; take a smaller --learning-rate.\n";
  }
  CHECK(false, "learning {}", static_cast<int>(report.learning));
}

Table epoch_table(const TrainReport& report) {
  Table table;
  table.columns = {{"epoch", "epoch"},
                   {"loss", "loss", 4},
                   {"train_accuracy_percent", "train accuracy (%)", 2},
                   {"test_accuracy_percent", "test accuracy (%)", 2}};
  if (report.epochs.empty()) {
    table.rows.push_back({uint64_t{0}, Cell{}, Cell{}, 100 * report.test_accuracy.at(0)});
  }
  for (size_t i = 0; i < report.epochs.size(); ++i) {
    table.rows.push_back(
        {uint64_t{i + 1}, report.epochs[i].loss, 100 * report.epochs[i].accuracy,
         i < report.test_accuracy.size() ? Cell{100 * report.test_accuracy[i]} : Cell{}});
  }
  return table;
}

std::string report_text(const TrainReport& report, Emphasis emphasis) {
  return sentence("{} on {}: {} training images, {} test images, batch {}, {}, seed {}{}\n\n",
                  report.network, report.data, with_separators(report.train_images),
                  with_separators(report.test_images), report.batch, report.optimizer, report.seed,
                  report.weights_from ? ", from " + *report.weights_from : std::string()) +
         aligned_text(epoch_table(report), emphasis) + learning_text(report);
}

nlohmann::ordered_json report_json(const TrainReport& report) {
  nlohmann::ordered_json json;
  json["schema"] = "wattgrind/train/1";
  json["network"] = report.network;
  json["data"] = {{"set", report.data},
                  {"train_images", report.train_images},
                  {"test_images", report.test_images},
                  {"classes", report.classes}};
  json["batch"] = report.batch;
  json["optimizer"] = report.optimizer;
  json["seed"] = report.seed;
  if (report.weights_from) json["weights_from"] = *report.weights_from;
  json["epochs"] = nlohmann::ordered_json::array();
  for (size_t i = 0; i < report.epochs.size(); ++i) {
    const EpochResult& epoch = report.epochs[i];
    nlohmann::ordered_json row = {{"epoch", i + 1}};
    if (std::isfinite(epoch.loss)) {
      row["loss"] = epoch.loss;
      row["train_accuracy"] = epoch.accuracy;
      row["test_accuracy"] = report.test_accuracy.at(i);
    }
    json["epochs"].push_back(std::move(row));
  }
  if (!report.test_accuracy.empty()) json["test_accuracy"] = report.test_accuracy.back();
  if (!report.epochs.empty()) json["learning"] = name(report.learning);
  return json;
}

// Starts from the weights of the file, if there is one, and returns its name. Without training the
// file must exist.
std::optional<std::string> load_weights(const TrainOptions& options, const Network& network,
                                        Trainer& trainer) {
  if (options.weights.empty()) return std::nullopt;
  std::error_code ignored;
  if (options.epochs > 0 && !std::filesystem::exists(options.weights, ignored)) return std::nullopt;
  const std::string where = std::filesystem::path(options.weights).filename().string();
  trainer.set_parameters(
      from_tensors(network, parse_safetensors(read_file(options.weights), where), where));
  return where;
}

void train_epochs(const TrainOptions& options, const DataSet& data, Trainer& trainer,
                  TrainReport& report) {
  ProgressLine progress(options.output->quiet);
  for (uint64_t epoch = 1; epoch <= options.epochs; ++epoch) {
    std::string what = fmt::format("epoch {}/{}", epoch, options.epochs);
    if (!report.epochs.empty()) {
      what += fmt::format(", loss {:.4f}, test accuracy {:.2f} %", report.epochs.back().loss,
                          100 * report.test_accuracy.back());
    }
    report.epochs.push_back(trainer.train_epoch(
        [&](uint64_t done, uint64_t total) { progress.show(what, done, total); }));
    report.learning = judge(report.epochs, data.classes);
    if (report.learning == Learning::kNotANumber) return;
    report.test_accuracy.push_back(trainer.accuracy(data.test));
  }
}

// A search trains on a data set that is smaller than a batch in one short step. Here, where a user
// named the batch, that is an error.
void check_batch(const TrainOptions& options, const DataSet& data) {
  const auto images = static_cast<int64_t>(data.train.size());
  if (options.epochs == 0 || options.training.batch <= images) return;
  fail(ErrorKind::kInput, "{}: found {} training images, wanted at least a batch: --batch {}",
       describe(options.data), images, options.training.batch);
}

void run_train(TrainOptions options) {
  const Network network = find_network(options.network);
  if (!options.path.empty()) options.data.path = options.path;
  options.data.selection.seed = options.training.seed;
  options.training.optimizer = chosen_optimizer(options);
  const DataSet data = with_data_advice("--path", [&] { return load_data(options.data); });
  check_batch(options, data);
  refuse_oversize(options.network, network, {options.training.batch, true}, options.bounds);
  std::optional<AtomicFile> weights_file;
  if (!options.weights.empty() && options.epochs > 0) weights_file.emplace(options.weights);
  Output output(*options.output);
  const InterruptGuard guard;
  const HostPin pin;

  Trainer trainer(network, data.train, data.classes, options.training);
  TrainReport report;
  report.weights_from = load_weights(options, network, trainer);
  report.network = network.name;
  report.data = describe(options.data);
  report.optimizer = optimizer_name(options.training.optimizer);
  report.batch = options.training.batch;
  report.seed = options.training.seed;
  report.train_images = data.train.size();
  report.test_images = data.test.size();
  report.classes = data.classes;
  if (options.epochs == 0) report.test_accuracy.push_back(trainer.accuracy(data.test));
  train_epochs(options, data, trainer, report);
  if (weights_file && report.learning != Learning::kNotANumber) {
    weights_file->commit(safetensors_bytes(to_tensors(network, trainer.parameters())));
  }
  output.print({[&](Emphasis emphasis) { return report_text(report, emphasis); },
                [&] { return report_json(report); }, [&] { return epoch_table(report); }});
}

}  // namespace

void add_train_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "train", "Train a network on this computer: loss and accuracy, epoch by epoch");
  auto options = std::make_shared<TrainOptions>();
  command
      ->add_option("network", options->network,
                   "A built-in network, a .json file, or a short form (dffr:layers=3,width=12)")
      ->required();
  command->add_option("--data", options->data.set, "The data set")
      ->check(
          CLI::IsMember(std::vector<std::string>(data_set_names().begin(), data_set_names().end()))
              .description(""))
      ->type_name(fmt::format("{}", fmt::join(data_set_names(), "|")))
      ->capture_default_str();
  command->add_option("--path", options->path, "The folder of mnist's files");
  command->add_option("--classes", options->data.selection.classes, "Only these, as in 0,1")
      ->check(integer_of_at_least(0))
      ->delimiter(',')
      ->type_name("A,B");
  command
      ->add_option("--epochs", options->epochs,
                   "How often every image is trained on; 0: only "
                   "test what --weights holds")
      ->check(integer_of_at_least(0))
      ->capture_default_str();
  command->add_option("--batch", options->training.batch, "Images a step")
      ->check(positive_integer())
      ->capture_default_str();
  command->add_option("--optimizer", options->optimizer, "With Keras's formulas and defaults")
      ->check(CLI::IsMember({"sgd", "adam", "rmsprop"}).description(""))
      ->type_name("sgd|adam|rmsprop")
      ->capture_default_str();
  command->add_option("--learning-rate", options->learning_rate, "Default: the optimizer's")
      ->check(number_from(1e-30, 1e30));
  const std::map<std::string, Initializer> initializers = {{"uniform", Initializer::kUniform},
                                                           {"glorot", Initializer::kGlorotUniform},
                                                           {"he", Initializer::kHeUniform}};
  command
      ->add_option_function<std::string>(
          "--initializer",
          [options, initializers](const std::string& word) {
            options->training.initializer = initializers.at(word);
          },
          "What weights are drawn from: uniform (+-0.05), glorot (default), he")
      ->check(CLI::IsMember({"uniform", "glorot", "he"}).description(""))
      ->type_name("uniform|glorot|he");
  command->add_option("--seed", options->training.seed, "Of weights, order, dropout and drawn data")
      ->check(integer_of_at_least(0))
      ->capture_default_str();
  command->add_option("--weights", options->weights,
                      "A safetensors file: where training starts from, if it is there, and what it "
                      "leaves");
  add_size_options(*command, options->bounds);
  options->output = add_output_options(*command);
  command->callback([options] { run_train(*options); });
}

}  // namespace wattgrind
