#include "experiments/kernel_speed/generated.h"

#include <algorithm>
#include <memory>
#include <span>

#include "estimator/base/error.h"
#include "estimator/network/layer_kind.h"
#include "estimator/network/network_part.h"
#include "kernels/layout/packing.h"
#include "kernels/program/program.h"
#include "kernels/run/native_program.h"

namespace wattgrind {
namespace {

// A network of the one layer, its code and its memory.
class OneLayer {
 public:
  OneLayer(const TimedLayer& timed, Isa isa)
      : network_(layer_alone({"one", {}, {timed.layer}, {0}}, 0, "one")),
        program_(lower_network(network_, isa, timed.batch)),
        memory_(program_),
        kernels_(compiled()) {
    CHECK(!program_.steps.empty(), "{} has no kernel", timed.label);
    for (size_t input = 0; input < program_.inputs.size(); ++input) {
      fill_map(program_.inputs[input], input == 0 ? OperandSeed::kInput : OperandSeed::kWeights);
    }
    fill_parameters();
  }

  const std::string& kernel() const { return program_.steps.front().nest.name; }

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
                     random(ParameterRole::kWeights, OperandSeed::kWeights), memory_.buffer(i));
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

std::optional<PreparedLayer> prepare(const TimedLayer& timed, Isa isa) {
  const auto one = std::make_shared<OneLayer>(timed, isa);
  return PreparedLayer{one->kernel(), [one] { one->run(); }, [one] { return one->output(); }};
}

}  // namespace

KernelImplementation generated() { return {"Wattgrind", prepare}; }

}  // namespace wattgrind
