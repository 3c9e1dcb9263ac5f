#include "cli/commands/plan_options.h"

#include <algorithm>
#include <map>

#include "estimator/base/error.h"
#include "kernels/count/algorithm_choice.h"

namespace wattgrind {
namespace {

constexpr std::string_view kAuto = "auto";

// The words without "auto", which is what no word says, too.
std::string without_auto(std::string words) {
  if (words == kAuto) return {};
  if (words.starts_with("auto,")) words.erase(0, kAuto.size() + 1);
  return words;
}

bool predicts_time(const Machine& machine) {
  return machine.core && !machine.core->llvm_cpu.empty() && machine.dram.read_bytes_per_s &&
         std::all_of(machine.levels.begin() + 1, machine.levels.end(),
                     [](const auto& level) { return level.bytes_per_cycle.has_value(); });
}

CostCriterion criterion_of(const PlanOptions& options, const Machine& machine,
                           const Pricing& pricing) {
  const auto priced = [machine, pricing](const CountedRow& row, const CountOrigin& origin) {
    return price_total({row}, machine, pricing, core_use(origin));
  };
  if (options.choose == "energy") {
    const bool in_macs = pricing.unit == EnergyUnit::kMacs;
    return {"energy", in_macs ? "MACs" : "mJ",
            [=](const CountedRow& row, const CountOrigin& origin) {
              const double total = energy_of(priced(row, origin).energy, pricing.scope).total;
              return in_macs ? total : total * 1e-9;
            }};
  }
  if (predicts_time(machine)) {
    return {"time", "ms", [=](const CountedRow& row, const CountOrigin& origin) {
              return priced(row, origin).predicted.value().seconds * 1e3;
            }};
  }
  return {"cycles", "million", [=](const CountedRow& row, const CountOrigin& origin) {
            return priced(row, origin).cost.value() * 1e-6;
          }};
}

}  // namespace

bool PlanOptions::chooses(bool training) const {
  if (algorithm) return algorithm->starts_with(kAuto);
  return choose.has_value() || plan_of(training) == Plan::kFused;
}

std::shared_ptr<PlanOptions> add_plan_options(CLI::App& command) {
  auto options = std::make_shared<PlanOptions>();
  command
      .add_option_function<std::string>(
          "--plan",
          [options](const std::string& word) {
            options->plan = word == name(Plan::kFused) ? Plan::kFused : Plan::kLayers;
          },
          "Kernels as inference engines fuse them, with what comes behind a convolution or dense "
          "layer in its kernel (default), or a kernel a layer (of training always)")
      ->check(CLI::IsMember({"fused", "layers"}).description(""))
      ->type_name("fused|layers");
  command
      .add_option_function<std::string>(
          "--algorithm", [options](const std::string& words) { options->algorithm = words; },
          "Of convolutions: auto (default of the fused plan: the one that costs least here), or "
          "direct, trimmed, im2col, pointwise, winograd2, winograd4, fft wherever it applies; "
          "LAYER=NAME of one layer")
      ->type_name("NAME|LAYER=NAME,...");
  command
      .add_option_function<std::string>(
          "--choose", [options](const std::string& word) { options->choose = word; },
          "What auto algorithms cost: predicted time (default) or energy")
      ->check(CLI::IsMember({"time", "energy"}).description(""))
      ->type_name("time|energy");
  return options;
}

PlanRequest plan_request(const PlanOptions& options, const Network& network, int64_t batch,
                         bool training, const Machine& machine, const Pricing& pricing,
                         const ProgressReport& progress) {
  if (training && options.plan == Plan::kFused) {
    fail(ErrorKind::kUsage, "--plan fused is of inference: a training keeps every layer's map");
  }
  if (training && (options.algorithm || options.choose)) {
    fail(ErrorKind::kUsage, "--algorithm and --choose are of inference");
  }
  PlanRequest request(options.plan_of(training));
  if (options.algorithm) {
    within("--algorithm", [&] {
      if (options.algorithm->empty()) fail(ErrorKind::kUsage, "found nothing, wanted a word");
      request.algorithms = algorithm_request(without_auto(*options.algorithm));
      plan_inference(network, request, machine.isa, batch);
    });
    if (options.choose && !request.algorithms.everywhere.empty()) {
      fail(ErrorKind::kUsage, "--choose wants --algorithm auto, or none");
    }
  }
  if (training || !options.chooses(training)) return request;
  const auto events = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*events);
  request.algorithms = choose_algorithms(network, request, batch, machine, *source,
                                         criterion_of(options, machine, pricing), progress);
  return request;
}

}  // namespace wattgrind
