#include "kernels/program/algorithm_trials.h"

#include <fmt/format.h>

#include <utility>

#include "kernels/program/lower_layer.h"

namespace wattgrind {
namespace {

// Fewer multiply-adds than that are worth a count: a thirtieth less is lost in what a layer's rest
// takes, and the maps it is saved on are large ones, whose counts take longest.
constexpr Share kCouldPay = {31, 32};

std::vector<ConvAlgorithm> algorithms_to_try(const AlgorithmChoice& choice, TriedAlgorithms tried) {
  std::vector<ConvAlgorithm> algorithms = {choice.algorithm};
  const double cost = choice.candidate(choice.algorithm)->cost;
  for (const AlgorithmCandidate& candidate : choice.candidates) {
    if (candidate.algorithm == choice.algorithm) continue;
    const bool could_pay = !candidate.worth && candidate.cost < kCouldPay.share_of(cost);
    if (could_pay || tried == TriedAlgorithms::kThatApply) {
      algorithms.push_back(candidate.algorithm);
    }
  }
  return algorithms;
}

class TrialBuilder {
 public:
  TrialBuilder(const PlannedInference& planned, TriedAlgorithms tried)
      : planned_(planned), tried_(tried) {
    result_.program.isa = planned.program.isa;
    result_.program.batch = planned.program.batch;
  }

  void add(size_t plan_step) {
    const Step& step = planned_.program.steps[plan_step];
    const std::vector<ConvAlgorithm> algorithms = algorithms_to_try(*step.choice, tried_);
    if (algorithms.size() == 1) return;
    const std::string& layer = own_name(layer_of(step));
    if (const auto same = trials_of_same(step.nest); !same.empty()) {
      for (AlgorithmTrial trial : same) {
        trial.plan_step = plan_step;
        trial.layer = layer;
        result_.trials.push_back(std::move(trial));
      }
      return;
    }
    for (const ConvAlgorithm algorithm : algorithms) {
      result_.trials.push_back({plan_step, layer, algorithm, add_step(step, algorithm)});
    }
  }

  AlgorithmTrials result() && { return std::move(result_); }

 private:
  const Layer& layer_of(const Step& step) const {
    return planned_.network.layers[static_cast<size_t>(step.layer)];
  }

  // Those of an earlier layer with the same kernel.
  std::vector<AlgorithmTrial> trials_of_same(const LoopNest& nest) const {
    std::vector<AlgorithmTrial> same;
    for (const AlgorithmTrial& trial : result_.trials) {
      if (!same.empty() && trial.plan_step != same.front().plan_step) break;
      if (planned_.program.steps[trial.plan_step].nest == nest) same.push_back(trial);
    }
    return same;
  }

  size_t add_step(const Step& of, ConvAlgorithm algorithm) {
    const Program& program = planned_.program;
    const Layer& layer = layer_of(of);
    LayerContext context;
    context.isa = program.isa;
    context.batch = program.batch;
    for (const int input : layer.inputs) context.inputs.push_back(program.map(input).layout);
    context.output = program.outputs[static_cast<size_t>(of.layer)].layout;
    context.fused = layer.fused;
    context.prefetches_weights = program.prefetches_weights;
    AlgorithmRequest request;
    request.layers[own_name(layer)].algorithms = {algorithm};
    LoweredLayer lowered = lower_forward(layer, context, request);
    const std::string symbol = fmt::format("{} by {}", layer.name, name(algorithm));
    std::vector<uint32_t> buffers;
    for (const Buffer& buffer : lowered.nest.buffers) {
      ProgramBuffer memory;
      memory.name = symbol + "." + buffer.name();
      memory.bytes = buffer.bytes;
      buffers.push_back(add_buffer(result_.program, planned_.network.name, std::move(memory)));
    }
    Step step = make_step(of.layer, symbol, std::move(lowered.nest), std::move(buffers));
    step.choice = std::move(lowered.choice);
    step.padding_macs = of.padding_macs;
    result_.program.steps.push_back(std::move(step));
    return result_.program.steps.size() - 1;
  }

  const PlannedInference& planned_;
  const TriedAlgorithms tried_;
  AlgorithmTrials result_;
};

}  // namespace

AlgorithmTrials algorithm_trials(const PlannedInference& planned, TriedAlgorithms tried,
                                 const std::function<bool(const std::string&)>& is_open) {
  TrialBuilder builder(planned, tried);
  for (size_t i = 0; i < planned.program.steps.size(); ++i) {
    const Step& step = planned.program.steps[i];
    if (!step.choice) continue;
    if (is_open(own_name(planned.network.layers[static_cast<size_t>(step.layer)]))) builder.add(i);
  }
  return std::move(builder).result();
}

}  // namespace wattgrind
