#include "experiments/kernel_speed/generated.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "estimator/base/error.h"
#include "estimator/network/network_part.h"
#include "kernels/program/program.h"
#include "kernels/run/jit.h"

namespace wattgrind {
namespace {

struct FreeMemory {
  void operator()(float* memory) const { std::free(memory); }
};

// A network of the one layer, its code and its memory.
struct OneLayer {
  Program program;
  std::unique_ptr<NativeKernels> kernels;
  std::unique_ptr<float, FreeMemory> arena;
  std::vector<void*> buffers;
};

std::optional<PreparedLayer> prepare(const TimedLayer& timed, Isa isa) {
  const Network network = layer_alone({"one", {}, {timed.layer}, {0}}, 0, "one");
  auto one = std::make_shared<OneLayer>();
  one->program = lower_network(network, isa, timed.batch);
  const Step& step = one->program.steps.at(0);
  const LoopNest* const nest = &step.nest;
  one->kernels = std::make_unique<NativeKernels>(
      std::span(&nest, 1),
      CodegenOptions{isa, /*fuse_multiply_add=*/traits(isa).fused_multiply_add});
  const uint64_t bytes = one->program.arena_bytes();
  one->arena.reset(static_cast<float*>(std::aligned_alloc(kLineBytes, bytes)));
  CHECK(one->arena != nullptr, "{} bytes", bytes);
  const auto values = static_cast<int64_t>(bytes / kFloatBytes);
  const std::vector<float> random = random_values(values, 1);
  std::copy(random.begin(), random.end(), one->arena.get());
  for (const uint32_t buffer : step.buffers) {
    const uint64_t offset = one->program.buffers[buffer].address - kArenaAddress;
    one->buffers.push_back(one->arena.get() + offset / kFloatBytes);
  }
  return PreparedLayer{nest->name, [one] { one->kernels->function(0)(one->buffers.data()); }};
}

}  // namespace

KernelImplementation generated() { return {"Wattgrind", prepare}; }

}  // namespace wattgrind
