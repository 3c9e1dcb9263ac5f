#include "kernels/run/inference_run.h"

#include <algorithm>

#include "estimator/base/error.h"
#include "estimator/machine/host_isa.h"
#include "estimator/network/layer_kind.h"
#include "kernels/layout/byte_reduction.h"
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

NativeSteps inference_kernels(const Program& program, const ProgramMemory& memory,
                              const CodegenOptions& code) {
  const Program* const one = &program;
  return {std::span(&one, 1), memory, code};
}

}  // namespace

InferenceRun::InferenceRun(const Network& network, int64_t batch, const PlanRequest& plan)
    : InferenceRun(network, batch, plan, native_code(host_isa())) {}

InferenceRun::InferenceRun(const Network& network, int64_t batch, const PlanRequest& plan,
                           const CodegenOptions& code)
    : network_(network),
      planned_(plan_inference(network, plan, code.isa, batch)),
      parameters_(network.layers.size()),
      planned_layer_(network.layers.size()),
      memory_(inference_memory(planned_.program)),
      kernels_(inference_kernels(planned_.program, memory_, code)) {
  for (size_t planned = 0; planned < planned_.parts.size(); ++planned) {
    for (const int part : planned_.parts[planned]) {
      planned_layer_[static_cast<size_t>(part)] = planned;
    }
  }
  clear_byte_maps();
}

// Where maps share memory, kernels clear what lies around them.
void InferenceRun::clear_byte_maps() {
  if (planned_.memory.bytes > 0) return;
  const Program& program = planned_.program;
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    const auto bytes = planned_.network.layers[i].output_bytes();
    if (!bytes || program.maps.outputs[i].storage != Storage::kOwn) continue;
    std::ranges::fill(memory_.buffer_of<uint8_t>(program.outputs[i].buffer),
                      static_cast<uint8_t>(stored_zero_point(program.isa, bytes->zero_point)));
  }
}

// Absent where the layer's kernel has no such buffer.
std::optional<uint32_t> InferenceRun::buffer_of(size_t layer, BufferKind kind) const {
  const std::vector<ProgramBuffer>& buffers = planned_.program.buffers;
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].kind == kind && buffers[i].layer == static_cast<int>(layer)) return i;
  }
  return std::nullopt;
}

std::span<float> InferenceRun::floats_of(size_t layer, BufferKind kind) const {
  const std::optional<uint32_t> buffer = buffer_of(layer, kind);
  return buffer ? memory_.buffer(*buffer) : std::span<float>();
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
  check(ParameterRole::kScales, parameters.scales.size());
  parameters_[index] = parameters;
  pack(planned_layer_[index]);
}

void InferenceRun::pack(size_t planned) {
  // What a kernel computes together is packed when the last of its layers has its parameters.
  std::vector<LayerParameters> parts;
  for (const int part : planned_.parts[planned]) {
    const auto index = static_cast<size_t>(part);
    const bool is_set = parameters_[index] != LayerParameters{};
    const Layer& part_layer = network_.layers[index];
    if (!is_set && !layer_kind(part_layer.operation).parameter_tensors(part_layer).empty()) return;
    parts.push_back(parameters_[index]);
  }
  const Layer& layer = planned_.network.layers[planned];
  const Program& program = planned_.program;
  const LayerParameters parameters = fused_parameters(layer, parts);
  if (!parameters.scales.empty()) {
    pack_on_bytes(planned, parameters);
    return;
  }
  if (!parameters.weights.empty()) {
    pack_weights(layer, program.map(layer.input()).layout, program.isa, parameters.weights,
                 floats_of(planned, BufferKind::kWeights),
                 weight_form_of(program, static_cast<int>(planned)));
  }
  if (!parameters.bias.empty()) {
    pack_bias(layer, parameters.bias, floats_of(planned, BufferKind::kBias));
  }
  std::ranges::copy(parameters.statistics, floats_of(planned, BufferKind::kStatistics).begin());
}

void InferenceRun::pack_on_bytes(size_t planned, const LayerParameters& parameters) {
  const Layer& layer = planned_.network.layers[planned];
  const Program& program = planned_.program;
  const auto buffer = [&](BufferKind kind) { return buffer_of(planned, kind).value(); };
  pack_bytes(layer, program.map(layer.input()).layout, program.isa, parameters,
             memory_.buffer_of<int8_t>(buffer(BufferKind::kWeights)),
             memory_.buffer_of<int32_t>(buffer(BufferKind::kBias)),
             memory_.buffer(buffer(BufferKind::kScales)));
}

void InferenceRun::set_input(size_t input, std::span<const float> images) {
  const Program& program = planned_.program;
  const OutputMap& map = program.inputs.at(input);
  CHECK(images.size() == static_cast<size_t>(program.batch * map.layout.shape.elements()),
        "{}: {} values", network_.inputs[input].name, images.size());
  const std::span<float> values = memory_.buffer(map.buffer);
  for_each_value(map.layout, program.batch,
                 [&](size_t stored, size_t logical) { values[stored] = images[logical]; });
}

void InferenceRun::run(const std::function<void(size_t)>& after_layer) const {
  const Program& program = planned_.program;
  size_t step = 0;
  for (size_t layer = 0; layer < planned_.network.layers.size(); ++layer) {
    for (; step < program.steps.size() && program.steps[step].layer == static_cast<int>(layer);
         ++step) {
      kernels_.run(step);
    }
    if (after_layer) after_layer(static_cast<size_t>(planned_.parts[layer].back()));
  }
}

void InferenceRun::run_layer(size_t planned) const {
  const std::vector<Step>& steps = planned_.program.steps;
  for (size_t step = 0; step < steps.size(); ++step) {
    if (steps[step].layer == static_cast<int>(planned)) kernels_.run(step);
  }
}

std::vector<float> InferenceRun::map(int source) const {
  const Program& program = planned_.program;
  int planned = source;
  if (!is_network_input(source)) {
    const size_t layer = planned_layer_.at(static_cast<size_t>(source));
    CHECK(planned_.parts[layer].back() == source, "{}: its map is not stored",
          network_.layers[static_cast<size_t>(source)].name);
    planned = static_cast<int>(layer);
  }
  const OutputMap& map = program.map(planned);
  std::vector<float> images(static_cast<size_t>(program.batch * map.layout.shape.elements()));
  if (const std::optional<ByteScale> bytes = planned_.network.bytes_of(planned)) {
    const std::span<const uint8_t> numbers = memory_.buffer_of<uint8_t>(map.buffer);
    const bool is_signed = stores_signed_bytes(program.isa);
    const int zero_point = stored_zero_point(program.isa, bytes->zero_point);
    for_each_value(map.layout, program.batch, [&](size_t stored, size_t logical) {
      const int number = is_signed ? static_cast<int8_t>(numbers[stored]) : numbers[stored];
      images[logical] = bytes->scale * static_cast<float>(number - zero_point);
    });
    return images;
  }
  const std::span<const float> values = memory_.buffer(map.buffer);
  for_each_value(map.layout, program.batch,
                 [&](size_t stored, size_t logical) { images[logical] = values[stored]; });
  return images;
}

}  // namespace wattgrind
