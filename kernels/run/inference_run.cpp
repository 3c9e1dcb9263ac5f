#include "kernels/run/inference_run.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"
#include "estimator/network/layer_kind.h"
#include "kernels/layout/packing.h"

namespace wattgrind {
namespace {

ProgramMemory inference_memory(const Program& program) {
  try {
    return ProgramMemory(program);
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::kFailed, "the system refuses {} MiB for the network's buffers",
         program.arena_bytes() >> 20);
  }
}

NativeSteps inference_kernels(const Program& program, const ProgramMemory& memory) {
  const Program* const one = &program;
  return {std::span(&one, 1), memory,
          CodegenOptions{program.isa, traits(program.isa).fused_multiply_add}};
}

}  // namespace

InferenceRun::InferenceRun(const Network& network, int64_t batch)
    : network_(network),
      program_(lower_network(network, host_isa(), batch)),
      memory_(inference_memory(program_)),
      kernels_(inference_kernels(program_, memory_)) {}

// Empty where the layer's kernel has no such buffer.
std::span<float> InferenceRun::buffer_of(size_t layer, BufferKind kind) const {
  for (uint32_t i = 0; i < program_.buffers.size(); ++i) {
    const ProgramBuffer& buffer = program_.buffers[i];
    if (buffer.kind == kind && buffer.layer == static_cast<int>(layer)) return memory_.buffer(i);
  }
  return {};
}

void InferenceRun::set_parameters(size_t index, const LayerParameters& parameters) {
  const Layer& layer = network_.layers.at(index);
  const auto check = [&](ParameterRole role, size_t found) {
    CHECK(found == parameter_values(layer, role), "{}: {} values, wanted {}", layer.name, found,
          parameter_values(layer, role));
  };
  check(ParameterRole::kWeights, parameters.weights.size());
  check(ParameterRole::kBias, parameters.bias.size());
  check(ParameterRole::kStatistics, parameters.statistics.size());
  if (!parameters.weights.empty()) {
    pack_weights(layer, program_.map(layer.input()).layout, program_.isa, parameters.weights,
                 buffer_of(index, BufferKind::kWeights));
  }
  if (!parameters.bias.empty()) {
    pack_bias(layer, parameters.bias, buffer_of(index, BufferKind::kBias));
  }
  std::ranges::copy(parameters.statistics, buffer_of(index, BufferKind::kStatistics).begin());
}

void InferenceRun::set_input(size_t input, std::span<const float> images) {
  const OutputMap& map = program_.inputs.at(input);
  CHECK(images.size() == static_cast<size_t>(program_.batch * map.layout.shape.elements()),
        "{}: {} values", network_.inputs[input].name, images.size());
  const std::span<float> values = memory_.buffer(map.buffer);
  for_each_value(map.layout, program_.batch,
                 [&](size_t stored, size_t logical) { values[stored] = images[logical]; });
}

void InferenceRun::run(const std::function<void(size_t)>& after_layer) const {
  size_t step = 0;
  for (size_t layer = 0; layer < network_.layers.size(); ++layer) {
    for (; step < program_.steps.size() && program_.steps[step].layer == static_cast<int>(layer);
         ++step) {
      kernels_.run(step);
    }
    if (after_layer) after_layer(layer);
  }
}

std::vector<float> InferenceRun::map(int source) const {
  const OutputMap& map = program_.map(source);
  const std::span<const float> values = memory_.buffer(map.buffer);
  std::vector<float> images(static_cast<size_t>(program_.batch * map.layout.shape.elements()));
  for_each_value(map.layout, program_.batch,
                 [&](size_t stored, size_t logical) { images[logical] = values[stored]; });
  return images;
}

}  // namespace wattgrind
