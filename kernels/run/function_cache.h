// Compiled kernels of this process, kept by content: a search meets the same kernels again and
// again, in one candidate and from candidate to candidate.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/run/jit.h"

namespace wattgrind {

// A function, and the executable memory it lies in: the function lives as long as this.
struct CompiledFunction {
  KernelFunction function = nullptr;
  std::shared_ptr<const void> memory;
};

// At most so much machine code is kept; what was used least recently goes first.
inline constexpr size_t kKeptCodeBytes = size_t{64} << 20;

// One function a nest, in their order. Equal nests (whatever their names) share one; nests that
// are not kept are compiled together. Any number of threads may ask at once. Throws Error(kFailed)
// when the system refuses executable memory.
std::vector<CompiledFunction> compiled_functions(std::span<const LoopNest* const> nests,
                                                 const CodegenOptions& options);

// Forgets what is kept; functions handed out live on. For measurements.
void forget_compiled_functions();

}  // namespace wattgrind
