// wattgrind estimate NETWORK: counts, cycles and energy, layer by layer.
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/estimate_options.h"
#include "cli/commands/layer_readings.h"
#include "cli/commands/network_case.h"
#include "cli/commands/plan_output.h"
#include "cli/commands/report_option.h"
#include "cli/pages/estimate_page.h"
#include "cli/reports/estimate_json.h"
#include "cli/reports/estimate_metrics.h"
#include "cli/reports/estimate_report.h"
#include "cli/reports/flame_trace.h"
#include "cli/reports/model_estimate_report.h"
#include "cli/reports/roofline_report.h"
#include "cli/reports/tensor_report.h"
#include "cli/reports/verify_report.h"
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

void run_estimate(EstimateOptions options) {
  check(options);
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
  const std::shared_ptr<EstimateOptions> options = add_estimate_options(*command);
  command->callback([options] { run_estimate(*options); });
}

}  // namespace wattgrind
