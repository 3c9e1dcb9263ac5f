#include "cli/commands/estimate_options.h"

#include <fmt/format.h>

#include <map>

#include "cli/commands/report_option.h"
#include "cli/reports/estimate_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/choice_option.h"
#include "estimator/base/error.h"
#include "estimator/pricing/running_energy.h"

namespace wattgrind {
namespace {

// Calibrated prices are all that a meter read: that of instructions where the fit found one, and a
// static power instead of the profile's.
EnergyScope scope_of(const EstimateOptions& options, const Machine& machine) {
  const EnergyScope widest = widest_scope(machine);
  if (!options.scope) return std::min(widest, EnergyScope::kRunning);
  if (*options.scope > widest) {
    fail(ErrorKind::kInput, "--energy {}: machine {} {}; --energy {} is the most it can tell",
         scope_name(*options.scope), machine.name,
         machine.prices == PriceOrigin::kCalibrated
             ? "has calibrated prices, which hold all that its meter read"
             : "lacks figures of its instructions or its power",
         scope_name(widest));
  }
  return *options.scope;
}

// Layer models are of layers alone, in the steady state.
void check_models(const EstimateOptions& options) {
  if (options.bottleneck && options.models.empty()) {
    fail(ErrorKind::kUsage, "--bottleneck wants --model: by which time and energy are told");
  }
  if (options.models.empty()) return;
  if (options.training || options.plan->plan == Plan::kFused || options.plan->algorithm ||
      options.plan->choose || options.quantize.quantize || options.verify || options.by_tensor ||
      !options.layers.empty()) {
    fail(
        ErrorKind::kUsage,
        "--model is of every layer of an inference, each alone: leave out --phase training, --plan "
        "fused, --algorithm, --choose, --quantize, --verify, --by tensor and --layers");
  }
}

void check_phase(const EstimateOptions& options) {
  if (!options.flame.empty() && (options.show_plan || options.verify)) {
    fail(ErrorKind::kUsage, "--flame is of an estimate: leave out --show and --verify");
  }
  if (!options.report.empty() && (options.verify || options.show_plan)) {
    fail(ErrorKind::kUsage, "--report is of an estimate: leave out --verify and --show");
  }
  if (options.epochs && options.images == 0) {
    fail(ErrorKind::kUsage, "--epochs wants --images: how many images an epoch has");
  }
  if (options.images > 0 && !options.training) {
    fail(ErrorKind::kUsage, "--images and --epochs are of a training: add --phase training");
  }
  if (options.quantize.quantize && options.training) {
    fail(ErrorKind::kUsage, "--quantize is of inference: leave out --phase training");
  }
  if (options.images > 0 && options.steady) {
    fail(ErrorKind::kUsage, "--steady is of one step: leave out --images, or --steady");
  }
}

void check_roofline(const EstimateOptions& options) {
  if (!options.plot.empty() && !options.roofline) {
    fail(ErrorKind::kUsage, "--plot draws the roofline: add --roofline");
  }
  if (!options.roofline) return;
  if (!options.models.empty() || options.by_tensor || options.training || options.verify) {
    fail(ErrorKind::kUsage,
         "--roofline is of an inference by counts: leave out --model, --by tensor, --verify and "
         "--phase training");
  }
}

}  // namespace

void check(const EstimateOptions& options) {
  check_models(options);
  check_phase(options);
  check_roofline(options);
}

Pricing pricing_of(const EstimateOptions& options, const Machine& machine) {
  Pricing pricing;
  pricing.accounting = options.accounting;
  if (options.prices == PriceOrigin::kEyeriss) {
    if (options.unit == EnergyUnit::kPicojoules) {
      fail(ErrorKind::kUsage, "--prices eyeriss is normalised to one MAC: take --units mac");
    }
    pricing.prices = eyeriss_prices(machine);
    pricing.unit = EnergyUnit::kMacs;
  } else {
    pricing.prices = machine_prices(machine);
    pricing.unit = options.unit.value_or(EnergyUnit::kPicojoules);
    pricing.scope = scope_of(options, machine);
  }
  pricing.idle = options.idle;
  return pricing;
}

std::shared_ptr<EstimateOptions> add_estimate_options(CLI::App& command) {
  auto options = std::make_shared<EstimateOptions>();
  command
      .add_option("network", options->network,
                  "A built-in network, an .onnx, .param or .json file, or a short form "
                  "(dffr:layers=3,width=12)")
      ->type_name("NETWORK")
      ->required();
  command.add_option("--machine", options->machine, "A built-in machine, a .json file, or host")
      ->type_name("MACHINE")
      ->capture_default_str();
  add_dimension_option(command, options->dimensions);
  add_quantize_options(command, options->quantize);
  command.add_option("--batch", options->batch, "Images a pass")
      ->check(positive_integer())
      ->type_name("N")
      ->capture_default_str();
  add_choice(
      command, "--phase", options->training,
      "Inference (default), or a training step: copy of the batch, forward, backward, update",
      std::map<std::string, bool>{{"inference", false}, {"training", true}});
  options->plan = add_plan_options(command);
  command
      .add_option_function<std::string>(
          "--show", [options](const std::string&) { options->show_plan = true; },
          "Show the plan instead of an estimate: kernels, algorithms, where maps lie and how long")
      ->check(CLI::IsMember({"plan"}).description(""))
      ->type_name("plan");
  command.add_option("--optimizer", options->optimizer, "What updates the parameters in training")
      ->check(CLI::IsMember({"adam", "rmsprop", "sgd"}).description(""))
      ->type_name("adam|rmsprop|sgd")
      ->capture_default_str();
  command
      .add_option("--images", options->images,
                  "Images of an epoch: count a whole training, not one step")
      ->check(positive_integer())
      ->type_name("N");
  command.add_option("--epochs", options->epochs, "Epochs of the whole training (default 1)")
      ->check(positive_integer())
      ->type_name("E");
  command.add_flag("--steady", options->steady,
                   "Count the second of two passes, as meters see it, not one from empty caches");
  command.add_option("--counts", options->counts, "Where counts come from")
      ->check(CLI::IsMember({"simulate", "trace", "cachegrind"}).description(""))
      ->type_name("simulate|trace|cachegrind")
      ->capture_default_str();
  command.add_flag(
      "--verify", options->verify,
      "Count by simulating or tracing after cachegrind's model, and with cachegrind, and show "
      "the differences");
  add_choice(command, "--energy", options->scope,
             "Which energy is the total: of events, of all activity, with what a busy core draws "
             "(default), or with what idles",
             std::map<std::string, EnergyScope>{{"events", EnergyScope::kEvents},
                                                {"activity", EnergyScope::kActivity},
                                                {"running", EnergyScope::kRunning},
                                                {"machine", EnergyScope::kMachine}});
  command
      .add_option_function<std::string>(
          "--idle",
          [options](const std::string& word) { options->idle = idle_share_named(word).value(); },
          "How much of what idles the machine's energy holds: all of it (default), a core's share, "
          "another, or none")
      ->check(CLI::Validator(
          [](const std::string& word) {
            return idle_share_named(word)
                       ? std::string()
                       : fmt::format(
                             "found {}, wanted all, none, share=1/cores or share=X with X "
                             "from 0 to 1",
                             word);
          },
          ""))
      ->type_name("all|none|share=1/cores");
  add_choice(command, "--accounting", options->accounting,
             "Charge latencies to hits (default) or to accesses, as powerML's code does",
             std::map<std::string, Accounting>{{"hits", Accounting::kHits},
                                               {"accesses", Accounting::kAccesses}});
  add_choice(command, "--prices", options->prices,
             "The machine's energies (default) or Eyeriss's normalised table",
             std::map<std::string, PriceOrigin>{{"default", PriceOrigin::kDefault},
                                                {"eyeriss", PriceOrigin::kEyeriss}});
  add_choice(command, "--units", options->unit,
             "Picojoules (default), or multiples of one MAC's energy",
             std::map<std::string, EnergyUnit>{{"pj", EnergyUnit::kPicojoules},
                                               {"mac", EnergyUnit::kMacs}});
  add_choice(command, "--by", options->by_tensor,
             "Counts and costs by layer (default), or energy by layer and tensor",
             std::map<std::string, bool>{{"layer", false}, {"tensor", true}});
  command.add_option("--layers", options->layers, "Only these layers")
      ->type_name("A,B,...")
      ->delimiter(',');
  command.add_option("--metrics", options->metrics, "Only these columns of table and CSV")
      ->type_name("M,N,...")
      ->delimiter(',');
  add_size_options(command, options->bounds);
  command
      .add_option("--keep", options->keep,
                  "Keep the loop nests and, under cachegrind, executable and output in a folder")
      ->type_name("DIR");
  command
      .add_option("--model", options->models,
                  "Files that calibrate --write-model wrote: time, power and energy of each layer "
                  "beside its counts")
      ->type_name("FILE,...")
      ->delimiter(',');
  command.add_flag("--bottleneck", options->bottleneck,
                   "With --model: name the layers that take most of time and energy");
  add_report_option(command, options->report);
  command
      .add_option("--flame", options->flame,
                  "Write the layers on a time line, with counters, for speedscope, Perfetto and "
                  "chrome://tracing")
      ->type_name("FILE");
  command.add_flag("--roofline", options->roofline,
                   "Operations for each byte that layers move, against the machine's peaks");
  command.add_option("--plot", options->plot, "With --roofline: draw it as SVG")->type_name("FILE");
  options->output = add_output_options(command);
  return options;
}

}  // namespace wattgrind
