#include "tests/kernels/network_run.h"

#include <algorithm>
#include <limits>

#include "kernels/layout/packing.h"
#include "kernels/run/jit.h"

namespace wattgrind {
namespace {

constexpr size_t kLineValues = 16;

}  // namespace

NetworkMemory::NetworkMemory(const Program& program) : program_(program) {
  storage_.resize(program.arena_bytes() / kFloatBytes + kLineValues);
  const auto misalignment = reinterpret_cast<uintptr_t>(storage_.data()) % kLineBytes;
  const size_t skip = (kLineBytes - misalignment) % kLineBytes / kFloatBytes;
  memory_ = std::span<float>(storage_).subspan(skip);
  for (const ProgramBuffer& buffer : program.buffers) {
    offsets_.push_back((buffer.address - kArenaAddress) / kFloatBytes);
  }
}

void NetworkMemory::poison() {
  for (uint32_t i = 0; i < program_.buffers.size(); ++i) {
    const ProgramBuffer& buffer = program_.buffers[i];
    if (buffer.kind != BufferKind::kMap && !buffer.shares) continue;
    std::fill_n(this->buffer(i), buffer.bytes / kFloatBytes,
                std::numeric_limits<float>::quiet_NaN());
  }
}

void NetworkMemory::write_map(const OutputMap& map, int64_t batch,
                              const std::vector<float>& images) {
  float* values = buffer(map.buffer);
  for_each_value(map.layout, batch,
                 [&](size_t stored, size_t logical) { values[stored] = images[logical]; });
}

std::vector<float> NetworkMemory::read_map(const OutputMap& map, int64_t batch) {
  const float* values = buffer(map.buffer);
  std::vector<float> images(static_cast<size_t>(batch * map.layout.shape.elements()));
  for_each_value(map.layout, batch,
                 [&](size_t stored, size_t logical) { images[logical] = values[stored]; });
  return images;
}

bool NetworkMemory::surroundings_are_zero(const OutputMap& map, int64_t batch) {
  const float* values = buffer(map.buffer);
  std::vector<bool> belongs(program_.buffers[map.buffer].bytes / kFloatBytes, false);
  for_each_value(map.layout, batch, [&](size_t stored, size_t) { belongs[stored] = true; });
  for (size_t i = 0; i < belongs.size(); ++i) {
    if (!belongs[i] && values[i] != 0) return false;
  }
  return true;
}

void write_parameters(const Network& network, const Program& program,
                      const std::vector<ReferenceParameters>& parameters, NetworkMemory& memory) {
  for (uint32_t i = 0; i < program.buffers.size(); ++i) {
    const ProgramBuffer& buffer = program.buffers[i];
    const std::span<float> packed(memory.buffer(i), buffer.bytes / kFloatBytes);
    if (is_network_input(buffer.layer)) continue;
    const auto index = static_cast<size_t>(buffer.layer);
    const Layer& layer = network.layers[index];
    const OutputMap& input = program.map(layer.input());
    if (buffer.kind == BufferKind::kWeights) {
      pack_weights(layer, input.layout, program.isa, parameters[index].weights, packed,
                   weight_form_of(program, buffer.layer));
    } else if (buffer.kind == BufferKind::kBias) {
      pack_bias(layer, parameters[index].bias, packed);
    } else if (buffer.kind == BufferKind::kStatistics) {
      std::ranges::copy(parameters[index].statistics, packed.begin());
    }
  }
}

void run_natively(const Program& program, bool fuse_multiply_add, NetworkMemory& memory) {
  std::vector<const LoopNest*> nests;
  for (const Step& step : program.steps) nests.push_back(&step.nest);
  const NativeKernels kernels(nests, {program.isa, fuse_multiply_add});
  for (size_t i = 0; i < program.steps.size(); ++i) {
    std::vector<void*> buffers;
    for (const uint32_t buffer : program.steps[i].buffers) buffers.push_back(memory.buffer(buffer));
    kernels.function(i)(buffers.data());
  }
}

}  // namespace wattgrind
