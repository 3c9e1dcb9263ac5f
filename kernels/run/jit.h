// Kernels compiled for this computer and ready to run.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/codegen/codegen.h"

namespace wattgrind {

class ExecutableMemory;

// `buffers` holds the address of each of the nest's buffers, in their order. Values need be aligned
// to 4 bytes only; kernels are fastest on buffers aligned to 64 bytes.
using KernelFunction = void (*)(void* const* buffers);

// Owns the executable memory of some functions, which live as long as it does.
class NativeKernels {
 public:
  // Compiles every nest, whose instruction set must be options.isa or narrower. Throws
  // Error(kFailed) when the system refuses executable memory.
  NativeKernels(std::span<const LoopNest* const> nests, const CodegenOptions& options);
  ~NativeKernels();
  NativeKernels(NativeKernels&&) noexcept;
  NativeKernels& operator=(NativeKernels&&) noexcept;

  // The function of the nest at that position in the constructor's list.
  KernelFunction function(size_t nest) const { return functions_.at(nest); }

  // The size of the machine code of all functions.
  size_t code_bytes() const;

 private:
  std::unique_ptr<ExecutableMemory> memory_;
  std::vector<KernelFunction> functions_;
};

}  // namespace wattgrind
