#include "experiments/conv_algorithms/trial_costs.h"

#include <algorithm>
#include <chrono>
#include <span>

#include "estimator/pricing/priced_estimate.h"
#include "kernels/count/count_source.h"
#include "kernels/count/counted_rows.h"
#include "kernels/program/algorithm_trials.h"
#include "kernels/run/native_program.h"

namespace wattgrind {
namespace {

AlgorithmTrials trials_of(const PlannedInference& planned) {
  return algorithm_trials(planned, TriedAlgorithms::kThatApply,
                          [](const std::string&) { return true; });
}

std::vector<double> by_level(const Energy& energy) {
  std::vector<double> levels;
  std::visit(
      [&](const auto& parts) {
        for (const auto& level : parts.levels) levels.push_back(level.value() * 1e-12);
        levels.push_back(parts.dram.value() * 1e-12);
      },
      energy);
  return levels;
}

}  // namespace

std::vector<TrialCost> counted_trials(const Network& network, const Machine& machine) {
  const PlannedInference planned = plan_inference(network, Plan::kFused, machine.isa, 1);
  const AlgorithmTrials tried = trials_of(planned);
  const auto events = make_simulation_source(CacheModel::kMachine);
  const auto source = make_instruction_source(*events);
  const Program* const pass = &tried.program;
  const CountedPasses counted =
      source->count(std::span(&pass, 1), machine, [](std::string_view, uint64_t, uint64_t) {});
  Pricing pricing;
  pricing.prices = machine_prices(machine);
  pricing.scope = std::min(widest_scope(machine), EnergyScope::kRunning);
  std::vector<TrialCost> costs;
  for (const AlgorithmTrial& trial : tried.trials) {
    const Step& step = tried.program.steps[trial.step];
    CountedRow row = inference_row(planned.network.layers[static_cast<size_t>(step.layer)], 1);
    add_step(step, counted.passes[0].steps[trial.step], row);
    const PricedRow priced = price_total({row}, machine, pricing, core_use(counted.origin));
    TrialCost cost;
    cost.network = network.name;
    cost.layer = trial.layer;
    cost.algorithm = trial.algorithm;
    cost.scratch_bytes = step.choice->candidate(trial.algorithm)->scratch_bytes;
    cost.predicted_s = priced.predicted.value().seconds;
    cost.energy_j = energy_of(priced.energy, pricing.scope).total * 1e-12;
    cost.levels_j = by_level(priced.energy);
    costs.push_back(std::move(cost));
  }
  return costs;
}

void time_trials(const Network& network, const Machine& machine, double seconds,
                 std::vector<TrialCost>& trials) {
  const PlannedInference planned = plan_inference(network, Plan::kFused, machine.isa, 1);
  const AlgorithmTrials tried = trials_of(planned);
  const ProgramMemory memory(tried.program);
  const Program* const program = &tried.program;
  const NativeSteps steps(std::span(&program, 1), memory,
                          {machine.isa, traits(machine.isa).fused_multiply_add});
  std::vector<std::vector<double>> times(tried.program.steps.size());
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  // At least three rounds; each step twice in a row, of which the second counts: its weights are
  // where the caches keep them.
  for (int round = 0; round < 3 || Clock::now() < end; ++round) {
    for (size_t step = 0; step < times.size(); ++step) {
      steps.run(step);
      const auto start = Clock::now();
      steps.run(step);
      times[step].push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
  }
  for (size_t i = 0; i < trials.size(); ++i) {
    std::vector<double>& of = times[tried.trials[i].step];
    std::ranges::nth_element(of, of.begin() + static_cast<ptrdiff_t>(of.size() / 2));
    trials[i].native_s = of[of.size() / 2];
  }
}

}  // namespace wattgrind
