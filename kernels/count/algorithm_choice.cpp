#include "kernels/count/algorithm_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/count/counted_rows.h"
#include "kernels/program/lower_layer.h"

namespace wattgrind {
namespace {

// A convolution by one algorithm, as a step of a program of nothing but these.
struct Trial {
  ConvAlgorithm algorithm = ConvAlgorithm::kDirect;
  size_t step = 0;
};

class AlgorithmTrials {
 public:
  AlgorithmTrials(const PlannedInference& planned) : planned_(planned) {
    trials_.isa = planned.program.isa;
    trials_.batch = planned.program.batch;
  }

  // Adds what is to be counted of a step of the plan.
  void add(size_t step) {
    const LoopNest& nest = planned_.program.steps[step].nest;
    for (const auto& [known, trials] : by_step_) {
      if (planned_.program.steps[known].nest == nest) {
        same_as_[step] = known;
        return;
      }
    }
    std::vector<Trial> trials;
    for (const ConvAlgorithm algorithm : worth_trying(*planned_.program.steps[step].choice)) {
      trials.push_back({algorithm, lower(step, algorithm)});
    }
    by_step_.emplace_back(step, std::move(trials));
  }

  const Program& program() const { return trials_; }
  const std::vector<Trial>& of(size_t step) const {
    const auto same = same_as_.find(step);
    const size_t known = same == same_as_.end() ? step : same->second;
    return std::ranges::find(by_step_, known, &std::pair<size_t, std::vector<Trial>>::first)
        ->second;
  }

  static std::vector<ConvAlgorithm> worth_trying(const AlgorithmChoice& choice) {
    std::vector<ConvAlgorithm> algorithms = {choice.algorithm};
    const double cost = choice.candidate(choice.algorithm)->cost;
    for (const AlgorithmCandidate& candidate : choice.candidates) {
      if (!candidate.worth && candidate.cost < cost) algorithms.push_back(candidate.algorithm);
    }
    return algorithms;
  }

 private:
  size_t lower(size_t index, ConvAlgorithm algorithm) {
    const Program& program = planned_.program;
    const int number = program.steps[index].layer;
    const Layer& layer = planned_.network.layers[static_cast<size_t>(number)];
    LayerContext context;
    context.isa = program.isa;
    context.batch = program.batch;
    for (const int input : layer.inputs) context.inputs.push_back(program.map(input).layout);
    context.output = program.outputs[static_cast<size_t>(number)].layout;
    context.fused = layer.fused;
    LoweredLayer lowered = lower_forward(layer, context, {{algorithm}, {}});
    const std::string symbol = fmt::format("{} by {}", layer.name, name(algorithm));
    std::vector<uint32_t> buffers;
    for (const Buffer& buffer : lowered.nest.buffers) {
      buffers.push_back(add_buffer(trials_, planned_.network.name,
                                   {.name = symbol + "." + buffer.name(), .bytes = buffer.bytes}));
    }
    trials_.steps.push_back(make_step(number, symbol, std::move(lowered.nest), std::move(buffers)));
    trials_.steps.back().choice = std::move(lowered.choice);
    trials_.steps.back().padding_macs = padding_macs(layer, program.isa, program.batch);
    return trials_.steps.size() - 1;
  }

  const PlannedInference& planned_;
  Program trials_;
  std::vector<std::pair<size_t, std::vector<Trial>>> by_step_;
  std::map<size_t, size_t> same_as_;  // steps whose nest is that of another
};

AlgorithmWish least_of(const std::vector<Trial>& trials, const std::vector<double>& costs,
                       const CostCriterion& criterion) {
  size_t best = 0;
  std::string all;
  for (size_t i = 0; i < trials.size(); ++i) {
    if (costs[trials[i].step] < costs[trials[best].step]) best = i;
    all += fmt::format("{}{} {:.4g}", all.empty() ? "" : ", ", name(trials[i].algorithm),
                       costs[trials[i].step]);
  }
  return {{trials[best].algorithm},
          fmt::format("by {}: {} {}", criterion.name, all, criterion.unit)};
}

}  // namespace

AlgorithmRequest choose_algorithms(const Network& network, const PlanRequest& request,
                                   int64_t batch, const Machine& machine, CountSource& source,
                                   const CostCriterion& criterion, const ProgressReport& progress) {
  AlgorithmRequest chosen = request.algorithms;
  if (!chosen.everywhere.empty()) return chosen;
  const PlannedInference planned = plan_inference(network, request, source.isa(machine), batch);
  AlgorithmTrials trials(planned);
  std::vector<size_t> open;
  for (size_t i = 0; i < planned.program.steps.size(); ++i) {
    const Step& step = planned.program.steps[i];
    const std::string& layer = own_name(planned.network.layers[static_cast<size_t>(step.layer)]);
    if (!step.choice || chosen.layers.contains(layer)) continue;
    if (AlgorithmTrials::worth_trying(*step.choice).size() == 1) continue;
    trials.add(i);
    open.push_back(i);
  }
  if (open.empty()) return chosen;
  const Program& program = trials.program();
  const Program* const pass = &program;
  const CountedPasses counted = source.count(std::span(&pass, 1), machine, progress);
  std::vector<double> costs;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    CountedRow row = inference_row(planned.network.layers[static_cast<size_t>(step.layer)], batch);
    add_step(step, counted.passes[0].steps[i], row);
    costs.push_back(criterion.cost(row, counted.origin));
  }
  for (const size_t i : open) {
    const int layer = planned.program.steps[i].layer;
    chosen.layers.emplace(own_name(planned.network.layers[static_cast<size_t>(layer)]),
                          least_of(trials.of(i), costs, criterion));
  }
  return chosen;
}

}  // namespace wattgrind
