#include "kernels/count/algorithm_choice.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "kernels/count/counted_rows.h"
#include "kernels/program/algorithm_trials.h"

namespace wattgrind {
namespace {

// The cheapest of a layer's trials, of equals the first.
AlgorithmWish least_of(std::span<const AlgorithmTrial> trials, const std::vector<double>& costs,
                       const CostCriterion& criterion) {
  const AlgorithmTrial* best = &trials.front();
  std::string all;
  for (const AlgorithmTrial& trial : trials) {
    if (costs[trial.step] < costs[best->step]) best = &trial;
    all += fmt::format("{}{} {:.4g}", all.empty() ? "" : ", ", name(trial.algorithm),
                       costs[trial.step]);
  }
  return {{best->algorithm}, fmt::format("by {}: {} {}", criterion.name, all, criterion.unit)};
}

}  // namespace

AlgorithmRequest choose_algorithms(const Network& network, const PlanRequest& request,
                                   int64_t batch, const Machine& machine, CountSource& source,
                                   const CostCriterion& criterion, const ProgressReport& progress) {
  AlgorithmRequest chosen = request.algorithms;
  if (!chosen.everywhere.empty()) return chosen;
  const PlannedInference planned = plan_inference(network, request, source.isa(machine), batch);
  const AlgorithmTrials tried =
      algorithm_trials(planned, TriedAlgorithms::kThatCouldPay,
                       [&](const std::string& layer) { return !chosen.layers.contains(layer); });
  const std::vector<AlgorithmTrial>& trials = tried.trials;
  if (trials.empty()) return chosen;
  const Program* const pass = &tried.program;
  const CountedPasses counted = source.count(std::span(&pass, 1), machine, progress);
  std::vector<double> costs;
  for (size_t i = 0; i < tried.program.steps.size(); ++i) {
    const Step& step = tried.program.steps[i];
    CountedRow row = inference_row(planned.network.layers[static_cast<size_t>(step.layer)], batch);
    add_step(step, counted.passes[0].steps[i], row);
    costs.push_back(criterion.cost(row, counted.origin));
  }
  for (size_t first = 0, end = 0; first < trials.size(); first = end) {
    while (end < trials.size() && trials[end].plan_step == trials[first].plan_step) ++end;
    chosen.layers.emplace(
        trials[first].layer,
        least_of(std::span(trials).subspan(first, end - first), costs, criterion));
  }
  return chosen;
}

}  // namespace wattgrind
