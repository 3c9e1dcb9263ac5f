// Kernels compiled for this computer and ready to run.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/codegen/codegen.h"

namespace wattgrind {

class ExecutableMemory;

// `buffers`: the address of each buffer of the nest, in its order. Values need be aligned to 4
// bytes only; kernels of 64-byte aligned buffers are the fastest.
using KernelFunction = void (*)(void* const* buffers);

// Owns executable memory; the functions live as long as it does.
class NativeKernels {
 public:
  // Compiles every nest, whose instruction set must be options.isa or narrower. Throws
  // Error(kFailed) when the system refuses executable memory.
  NativeKernels(std::span<const LoopNest* const> nests, const CodegenOptions& options);
  ~NativeKernels();
  NativeKernels(NativeKernels&&) noexcept;
  NativeKernels& operator=(NativeKernels&&) noexcept;

  // By position in the nests given.
  KernelFunction function(size_t nest) const { return functions_.at(nest); }

  // Of machine code, for those who report it.
  size_t code_bytes() const;

 private:
  std::unique_ptr<ExecutableMemory> memory_;
  std::vector<KernelFunction> functions_;
};

}  // namespace wattgrind
