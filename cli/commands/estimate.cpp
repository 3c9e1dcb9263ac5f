// wattgrind estimate NETWORK: counts, cycles and energy, layer by layer.
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/dimension_option.h"
#include "cli/commands/layer_readings.h"
#include "cli/commands/network_case.h"
#include "cli/commands/plan_options.h"
#include "cli/commands/plan_output.h"
#include "cli/commands/quantize_option.h"
#include "cli/commands/report_option.h"
#include "cli/commands/size_options.h"
#include "cli/pages/estimate_page.h"
#include "cli/reports/estimate_json.h"
#include "cli/reports/estimate_metrics.h"
#include "cli/reports/estimate_report.h"
#include "cli/reports/flame_trace.h"
#include "cli/reports/model_estimate_report.h"
#include "cli/reports/roofline_report.h"
#include "cli/reports/tensor_report.h"
#include "cli/reports/verify_report.h"
#include "cli/terminal/checks.h"
#include "cli/terminal/choice_option.h"
#include "cli/terminal/output.h"
#include "cli/terminal/progress.h"
#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/json_text.h"
#include "estimator/system/atomic_file.h"
#include "estimator/system/interrupt.h"
#include "kernels/codegen/core_peak.h"
#include "kernels/count/count_source.h"
#include "kernels/count/count_training.h"
#include "kernels/count/program_work.h"
#include "kernels/program/engine_plan.h"
#include "kernels/program/training_program.h"

namespace wattgrind {
namespace {

struct EstimateOptions {
  std::string network;
  DimensionSizes dimensions;
  std::string machine = "host";
  int64_t batch = 1;
  SizeBounds bounds;
  bool training = false;
  std::shared_ptr<PlanOptions> plan;
  bool show_plan = false;
  std::string optimizer = "adam";
  uint64_t images = 0;  // 0: one step
  std::optional<uint64_t> epochs;
  bool steady = false;
  std::string counts = "simulate";
  bool verify = false;
  Accounting accounting = Accounting::kHits;
  PriceOrigin prices = PriceOrigin::kDefault;
  std::optional<EnergyUnit> unit;
  std::optional<EnergyScope> scope;
  IdleShare idle = kAllIdle;
  bool by_tensor = false;
  std::vector<std::string> layers;
  std::vector<std::string> metrics;
  std::string keep;
  QuantizeOptions quantize;
  std::vector<std::string> models;  // files of layer models; empty: none
  bool bottleneck = false;
  std::string report;
  std::string flame;  // empty: none
  bool roofline = false;
  std::string plot;  // file of the roofline's drawing; empty: none
  std::shared_ptr<OutputOptions> output;
};

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

void keep(const std::filesystem::path& folder, const std::vector<Artifact>& artifacts) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    fail(ErrorKind::kFailed, "{}: cannot be made: {}", folder.string(), error.message());
  }
  for (const Artifact& artifact : artifacts) {
    write_file(folder / artifact.name, artifact.content, artifact.kind);
  }
}

// What was counted, and of a whole training the kinds of steps it is made up of.
struct Counted {
  NetworkCounts counts;
  std::optional<TrainingCounts> training;
};

// Counts with a source and shows its progress on a line of standard error.
Counted count(const EstimateOptions& options, const Network& network, const Machine& machine,
              CountSource& events, const PlanRequest& plan, std::vector<Artifact>* artifacts) {
  const auto with_instructions = make_instruction_source(events);
  CountSource& source = *with_instructions;
  ProgressLine progress(options.output->quiet);
  const auto report = [&](std::string_view what, uint64_t done, uint64_t total) {
    progress.show(what, done, total);
  };
  if (!options.training) {
    return {count_network(network, options.batch, machine, options.steady, source, report,
                          artifacts, plan),
            std::nullopt};
  }
  const Optimizer optimizer = optimizer_named(options.optimizer).value();
  if (options.images == 0) {
    return {count_training_step(network, optimizer, options.batch, machine, options.steady, source,
                                report, artifacts),
            std::nullopt};
  }
  TrainingCounts training = count_training(network, optimizer, options.batch,
                                           {options.images, options.epochs.value_or(1)}, machine,
                                           source, report, artifacts);
  NetworkCounts whole = training.whole;
  return {std::move(whole), std::move(training)};
}

PlanRequest plan_of(const EstimateOptions& options, const Network& network, const Machine& machine,
                    const Pricing& pricing) {
  ProgressLine progress(options.output->quiet);
  const auto report = [&](std::string_view what, uint64_t done, uint64_t total) {
    progress.show(what, done, total);
  };
  return plan_request(*options.plan, network, options.batch, options.training, machine, pricing,
                      report);
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
  check_models(options);
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

std::unique_ptr<CountSource> make_source(const std::string& counts, CacheModel model,
                                         ProcessRunner& runner) {
  if (counts == "cachegrind") return make_cachegrind_source(runner);
  if (counts == "trace") return make_trace_source(model);
  return make_simulation_source(model);
}

// Refuses a machine that the source cannot count, naming the option that asks for the source.
void check_source(const std::string& option, const CountSource& source, const Machine& machine) {
  within(option, [&] { return source.isa(machine); });
}

void run_verification(const EstimateOptions& options, const Network& network,
                      const Machine& machine, const PlanRequest& plan, Output& output) {
  const auto runner = make_process_runner();
  const auto cachegrind = make_cachegrind_source(*runner);
  const std::string other = options.counts == "trace" ? "trace" : "simulate";
  const auto source = make_source(other, CacheModel::kCachegrind, *runner);
  check_source("--verify", *cachegrind, machine);
  check_source("--verify", *source, machine);
  const Verification verification{
      machine, count(options, network, machine, *cachegrind, plan, nullptr).counts,
      count(options, network, machine, *source, plan, nullptr).counts};
  output.print({[&](Emphasis emphasis) { return verification_text(verification, emphasis); },
                [&] { return verification_json(verification); },
                [&] { return verification_table(verification, false); }});
}

PricedTraining price_training(const EstimateOptions& options,
                              const std::optional<TrainingCounts>& counted, const Machine& machine,
                              const Pricing& pricing) {
  PricedTraining training;
  training.optimizer = options.optimizer;
  if (!counted) return training;
  training.images = options.images;
  training.epochs = options.epochs.value_or(1);
  training.steps = counted->steps;
  for (const CountedTrainingStep& kind : counted->kinds) {
    training.kinds.push_back(
        {name(kind.step), kind.times,
         price_total(kind.counts.rows, machine, pricing, core_use(kind.counts.origin))});
  }
  return training;
}

ModelEstimate with_models(const EstimateOptions& options, const Network& network,
                          const LayerModels& models, const Estimate& estimate) {
  return {estimate, predict_counted(network, estimate.counts, models, estimate.machine),
          models.readings, options.bottleneck};
}

void print_with_models(const EstimateOptions& options, const ModelEstimate& estimate,
                       Output& output) {
  const auto table = [&](Audience audience) {
    return model_estimate_table(estimate, options.metrics, audience);
  };
  output.print(
      {[&](const TextPage& page) { return model_estimate_text(estimate, options.metrics, page); },
       [&] { return model_estimate_json(estimate); }, [&] { return table(Audience::kPrograms); },
       nullptr, [&] { return table(Audience::kPeople); }});
}

// Of the core that the estimate is for; absent where the profile does not name it.
std::optional<double> peak_operations_per_s(const Estimate& estimate) {
  const Isa isa = estimate.counts.origin.isa;
  const std::optional<CoreModel> core = core_model(estimate.machine, isa);
  if (!core) return std::nullopt;
  return peak_operations_per_cycle(isa, *core) * clock_hz(estimate.machine, isa).value;
}

void write_report(const EstimateOptions& options, const Network& network, const PlanRequest& plan,
                  const Estimate& estimate, const ModelEstimate* models, ReportFile& report) {
  report.write([&](const PageOrigin& origin) {
    if (options.training) {
      const TrainingProgram step =
          lower_training(network, optimizer_named(options.optimizer).value(),
                         estimate.counts.origin.isa, options.batch);
      return estimate_page(estimate, {network, step.program}, origin);
    }
    const PlannedInference planned =
        plan_inference(network, plan, estimate.counts.origin.isa, options.batch);
    const std::optional<double> peak = peak_operations_per_s(estimate);
    EstimateContext context{planned.network, planned.program, std::nullopt, models};
    if (peak && has_roofs(estimate.machine)) context.roofline = roofline(estimate, *peak);
    return estimate_page(estimate, context, origin);
  });
}

void print_roofline(const EstimateOptions& options, const Estimate& estimate, Output& output) {
  const std::optional<double> peak = peak_operations_per_s(estimate);
  if (!peak) {
    fail(ErrorKind::kInput, "--roofline: machine {} names no core.llvm_cpu, whose peak it takes",
         estimate.machine.name);
  }
  const Roofline result = roofline(estimate, *peak);
  if (!options.plot.empty()) write_file(options.plot, to_svg(roofline_plot(result)));
  output.print({[&](const TextPage& page) { return roofline_text(result, page); },
                [&] { return roofline_json(result); }, [&] { return roofline_csv(result); }});
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

void run_estimate(EstimateOptions options) {
  check_phase(options);
  check_roofline(options);
  std::optional<LayerModels> models;
  if (!options.models.empty()) {
    models = read_models(options.models);
    options.plan->plan = Plan::kLayers;
    options.steady = true;
  }
  Network network = find_network_of(options.network, options.dimensions);
  if (options.quantize.quantize) network = quantized_for_counts(network, options.quantize);
  refuse_oversize(options.network, network, {options.batch, options.training}, options.bounds);
  const Machine machine = find_machine(options.machine);
  const Pricing pricing = pricing_of(options, machine);
  Output output(*options.output);
  ReportFile report(options.report);
  std::optional<AtomicFile> flame;
  if (!options.flame.empty()) flame.emplace(options.flame);
  const InterruptGuard guard;
  const PlanRequest plan = plan_of(options, network, machine, pricing);
  if (options.show_plan) {
    print_plan(plan_inference(network, plan, machine.isa, options.batch), output);
    return;
  }
  if (options.verify) {
    run_verification(options, network, machine, plan, output);
    return;
  }
  const auto runner = make_process_runner();
  const auto source = make_source(options.counts, CacheModel::kMachine, *runner);
  std::vector<Artifact> artifacts;
  check_source("--counts " + options.counts, *source, machine);
  Counted counted = count(options, network, machine, *source, plan, &artifacts);
  Estimate estimate = within("--layers", [&] {
    return price_estimate(std::move(counted.counts), machine, pricing, options.layers);
  });
  if (options.training) {
    estimate.training = price_training(options, counted.training, machine, pricing);
  }
  if (!options.keep.empty()) keep(options.keep, artifacts);
  if (flame) flame->commit(layout_json(flame_trace(estimate)));
  std::optional<ModelEstimate> modelled;
  if (models) modelled = with_models(options, network, *models, estimate);
  write_report(options, network, plan, estimate, modelled ? &*modelled : nullptr, report);
  if (modelled) {
    print_with_models(options, *modelled, output);
    return;
  }
  if (options.roofline) {
    print_roofline(options, estimate, output);
    return;
  }
  if (options.by_tensor) {
    output.print({[&](Emphasis emphasis) { return tensor_text(estimate, emphasis); },
                  [&] { return estimate_json(estimate); },
                  [&] { return tensor_table(estimate, false); }, nullptr,
                  [&] { return tensor_table(estimate, true); }});
    return;
  }
  output.print(
      {[&](const TextPage& page) { return estimate_text(estimate, options.metrics, page); },
       [&] { return estimate_json(estimate); },
       [&] { return estimate_csv(estimate, options.metrics); }, nullptr,
       [&] { return metrics_table(estimate, options.metrics, Audience::kPeople); }});
}

}  // namespace

void add_estimate_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "estimate", "What a network costs on a machine, layer by layer: counts, cycles, energy");
  auto options = std::make_shared<EstimateOptions>();
  command
      ->add_option("network", options->network,
                   "A built-in network, an .onnx, .param or .json file, or a short form "
                   "(dffr:layers=3,width=12)")
      ->type_name("NETWORK")
      ->required();
  command->add_option("--machine", options->machine, "A built-in machine, a .json file, or host")
      ->type_name("MACHINE")
      ->capture_default_str();
  add_dimension_option(*command, options->dimensions);
  add_quantize_options(*command, options->quantize);
  command->add_option("--batch", options->batch, "Images a pass")
      ->check(positive_integer())
      ->type_name("N")
      ->capture_default_str();
  add_choice(
      *command, "--phase", options->training,
      "Inference (default), or a training step: copy of the batch, forward, backward, update",
      std::map<std::string, bool>{{"inference", false}, {"training", true}});
  options->plan = add_plan_options(*command);
  command
      ->add_option_function<std::string>(
          "--show", [options](const std::string&) { options->show_plan = true; },
          "Show the plan instead of an estimate: kernels, algorithms, where maps lie and how long")
      ->check(CLI::IsMember({"plan"}).description(""))
      ->type_name("plan");
  command->add_option("--optimizer", options->optimizer, "What updates the parameters in training")
      ->check(CLI::IsMember({"adam", "rmsprop", "sgd"}).description(""))
      ->type_name("adam|rmsprop|sgd")
      ->capture_default_str();
  command
      ->add_option("--images", options->images,
                   "Images of an epoch: count a whole training, not one step")
      ->check(positive_integer())
      ->type_name("N");
  command->add_option("--epochs", options->epochs, "Epochs of the whole training (default 1)")
      ->check(positive_integer())
      ->type_name("E");
  command->add_flag("--steady", options->steady,
                    "Count the second of two passes, as meters see it, not one from empty caches");
  command->add_option("--counts", options->counts, "Where counts come from")
      ->check(CLI::IsMember({"simulate", "trace", "cachegrind"}).description(""))
      ->type_name("simulate|trace|cachegrind")
      ->capture_default_str();
  command->add_flag(
      "--verify", options->verify,
      "Count by simulating or tracing after cachegrind's model, and with cachegrind, and show "
      "the differences");
  add_choice(*command, "--energy", options->scope,
             "Which energy is the total: of events, of all activity, with what a busy core draws "
             "(default), or with what idles",
             std::map<std::string, EnergyScope>{{"events", EnergyScope::kEvents},
                                                {"activity", EnergyScope::kActivity},
                                                {"running", EnergyScope::kRunning},
                                                {"machine", EnergyScope::kMachine}});
  command
      ->add_option_function<std::string>(
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
  add_choice(*command, "--accounting", options->accounting,
             "Charge latencies to hits (default) or to accesses, as powerML's code does",
             std::map<std::string, Accounting>{{"hits", Accounting::kHits},
                                               {"accesses", Accounting::kAccesses}});
  add_choice(*command, "--prices", options->prices,
             "The machine's energies (default) or Eyeriss's normalised table",
             std::map<std::string, PriceOrigin>{{"default", PriceOrigin::kDefault},
                                                {"eyeriss", PriceOrigin::kEyeriss}});
  add_choice(*command, "--units", options->unit,
             "Picojoules (default), or multiples of one MAC's energy",
             std::map<std::string, EnergyUnit>{{"pj", EnergyUnit::kPicojoules},
                                               {"mac", EnergyUnit::kMacs}});
  add_choice(*command, "--by", options->by_tensor,
             "Counts and costs by layer (default), or energy by layer and tensor",
             std::map<std::string, bool>{{"layer", false}, {"tensor", true}});
  command->add_option("--layers", options->layers, "Only these layers")
      ->type_name("A,B,...")
      ->delimiter(',');
  command->add_option("--metrics", options->metrics, "Only these columns of table and CSV")
      ->type_name("M,N,...")
      ->delimiter(',');
  add_size_options(*command, options->bounds);
  command
      ->add_option("--keep", options->keep,
                   "Keep the loop nests and, under cachegrind, executable and output in a folder")
      ->type_name("DIR");
  command
      ->add_option("--model", options->models,
                   "Files that calibrate --write-model wrote: time, power and energy of each layer "
                   "beside its counts")
      ->type_name("FILE,...")
      ->delimiter(',');
  command->add_flag("--bottleneck", options->bottleneck,
                    "With --model: name the layers that take most of time and energy");
  add_report_option(*command, options->report);
  command
      ->add_option("--flame", options->flame,
                   "Write the layers on a time line, with counters, for speedscope, Perfetto and "
                   "chrome://tracing")
      ->type_name("FILE");
  command->add_flag("--roofline", options->roofline,
                    "Operations for each byte that layers move, against the machine's peaks");
  command->add_option("--plot", options->plot, "With --roofline: draw it as SVG")
      ->type_name("FILE");
  options->output = add_output_options(*command);
  command->callback([options] { run_estimate(*options); });
}

}  // namespace wattgrind
