// A cache of compiled kernels for the whole process. A search meets the same kernels again and
// again, in one candidate and from candidate to candidate.
//
// A nest's content is everything that decides its code: not its name, nor those of its buffers and
// loops. compiled_functions() goes in this order:
//   1. It looks each distinct content up; what it finds becomes the last used.
//   2. It compiles what it has not found, all together and without holding the lock.
//   3. It keeps each function that it compiled. If another thread has kept the same content
//      meanwhile, that one stays, and the caller goes on with its own.
//   4. As long as more than kKeptCodeBytes are kept, it drops what was used least recently, but
//      never the function kept last.
//
// What always holds:
//   1. No two functions that are kept have the same content.
//   2. A function that was handed out lives as long as the caller holds its memory, kept or not.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/codegen/codegen.h"
#include "kernels/run/jit.h"

namespace wattgrind {

// A function and the executable memory that it lies in, perhaps together with others. The function
// lives as long as somebody holds the memory.
struct CompiledFunction {
  KernelFunction function = nullptr;
  std::shared_ptr<const void> memory;
};

// How much machine code is kept at most, unless the function kept last is larger by itself.
inline constexpr size_t kKeptCodeBytes = size_t{64} << 20;

// Returns a function for each nest, in their order. Nests of the same content share one. Any number
// of threads may ask at once. Throws Error(kFailed) when the system refuses executable memory.
std::vector<CompiledFunction> compiled_functions(std::span<const LoopNest* const> nests,
                                                 const CodegenOptions& options);

// Drops everything that is kept, so that a measurement can begin afresh.
void forget_compiled_functions();

}  // namespace wattgrind
