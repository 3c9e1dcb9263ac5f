#include "experiments/kernel_speed/generated.h"

#include <algorithm>
#include <memory>
#include <span>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/network_part.h"
#include "experiments/fastest_plan.h"
#include "kernels/layout/packing.h"
#include "kernels/program/engine_plan.h"
#include "kernels/run/native_program.h"

namespace wattgrind {
namespace {

AlgorithmRequest fastest_algorithms(const Network& network, Isa isa, int64_t batch) {
  Machine machine = find_machine(kFastestOn);
  machine.isa = isa;
  return fastest_plan(Plan::kFused, network, batch, machine).algorithms;
}

// Sums of products in the order of the loops, as oneDNN's direct algorithm takes them, which leaves
// out the taps on padding, where there are any.
AlgorithmRequest plain_sums(const Network& network, Isa isa, int64_t batch) {
  AlgorithmRequest request;
  const Program program = plan_inference(network, Plan::kFused, isa, batch).program;
  const std::optional<AlgorithmChoice>& choice = program.steps.front().choice;
  if (choice && choice->algorithm == ConvAlgorithm::kDirect &&
      choice->candidate(ConvAlgorithm::kTrimmed)) {
    request.everywhere = {ConvAlgorithm::kTrimmed};
  }
  return request;
}

// A network of the one layer, its code and its memory.
class OneLayer {
 public:
  OneLayer(const TimedLayer& timed, Isa isa, bool fastest)
      : network_(layer_alone({"one", {}, {timed.layer}, {0}}, 0, "one")),
        program_(
            plan_inference(network_,
                           {Plan::kFused, fastest ? fastest_algorithms(network_, isa, timed.batch)
                                                  : plain_sums(network_, isa, timed.batch)},
                           isa, timed.batch)
                .program),
        memory_(program_),
        kernels_(compiled()) {
    CHECK(!program_.steps.empty(), "{} has no kernel", timed.label);
    for (size_t input = 0; input < program_.inputs.size(); ++input) {
      fill_map(program_.inputs[input], input == 0 ? OperandSeed::kInput : OperandSeed::kWeights);
    }
    fill_parameters();
  }

  std::string kernel() const {
    const Step& step = program_.steps.front();
    return step.choice ? to_text(*step.choice) : step.nest.name;
  }

  void run() const {
    for (size_t step = 0; step < program_.steps.size(); ++step) kernels_.run(step);
  }

  std::vector<float> output() const {
    const OutputMap& map = program_.outputs.front();
    const std::span<const float> stored = memory_.buffer(map.buffer);
    std::vector<float> values(values_in(map));
    for_each_value(map.layout, program_.batch,
                   [&](size_t at, size_t logical) { values[logical] = stored[at]; });
    return values;
  }

 private:
  NativeSteps compiled() const {
    const Program* const program = &program_;
    return {std::span(&program, 1), memory_,
            CodegenOptions{program_.isa,
                           /*fuse_multiply_add=*/traits(program_.isa).fused_multiply_add}};
  }

  size_t values_in(const OutputMap& map) const {
    return static_cast<size_t>(program_.batch * map.layout.shape.elements());
  }

  void fill_map(const OutputMap& map, OperandSeed seed) {
    const auto values = random_values(static_cast<int64_t>(values_in(map)), seed);
    const std::span<float> stored = memory_.buffer(map.buffer);
    for_each_value(map.layout, program_.batch,
                   [&](size_t at, size_t logical) { stored[at] = values[logical]; });
  }

  void fill_parameters() {
    const Layer& layer = network_.layers.front();
    const auto random = [&](ParameterRole role, OperandSeed seed) {
      return random_values(static_cast<int64_t>(parameter_values(layer, role)), seed);
    };
    for (uint32_t i = 0; i < program_.buffers.size(); ++i) {
      const BufferKind kind = program_.buffers[i].kind;
      if (kind == BufferKind::kWeights) {
        pack_weights(layer, program_.input().layout, program_.isa,
                     random(ParameterRole::kWeights, OperandSeed::kWeights), memory_.buffer(i),
                     weight_form_of(program_, 0));
      } else if (kind == BufferKind::kBias) {
        pack_bias(layer, random(ParameterRole::kBias, OperandSeed::kBias), memory_.buffer(i));
      }
    }
  }

  const Network network_;
  const Program program_;
  ProgramMemory memory_;
  NativeSteps kernels_;
};

PreparedLayer prepare(const TimedLayer& timed, Isa isa, bool fastest) {
  const auto one = std::make_shared<OneLayer>(timed, isa, fastest);
  return PreparedLayer{one->kernel(), [one] { one->run(); }, [one] { return one->output(); }};
}

}  // namespace

KernelImplementation generated() {
  return {"Wattgrind", [](const TimedLayer& timed, Isa isa) { return prepare(timed, isa, false); }};
}

KernelImplementation generated_fastest() {
  return {"auto", [](const TimedLayer& timed, Isa isa) -> std::optional<PreparedLayer> {
            if (!std::holds_alternative<Conv2d>(timed.layer.operation)) return std::nullopt;
            PreparedLayer fastest = prepare(timed, isa, true);
            // Winograd's transforms round more coarsely.
            fastest.output = {};
            return fastest;
          }};
}

}  // namespace wattgrind
