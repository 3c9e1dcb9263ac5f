// Programs in this computer's memory, compiled and ready to run.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/program/program.h"
#include "kernels/run/function_cache.h"

namespace wattgrind {

// Buffers of a program, zero at first, where a run needs them.
class ProgramMemory {
 public:
  explicit ProgramMemory(const Program& program);

  std::span<float> buffer(uint32_t index) const;

 private:
  struct FreePages {
    void operator()(std::byte* pages) const;
  };
  std::vector<ProgramBuffer> buffers_;
  std::unique_ptr<std::byte, FreePages> arena_;
};

// Compiled steps of one or more programs that share their buffers, bound to memory that outlives
// them. Equal nests share a function (kernels/run/function_cache.h).
class NativeSteps {
 public:
  // Steps are numbered as they follow each other in the programs, one program after the other.
  // Throws Error(kFailed) when the system refuses executable memory.
  NativeSteps(std::span<const Program* const> programs, const ProgramMemory& memory,
              const CodegenOptions& options);

  KernelFunction function(size_t step) const { return functions_.at(step).function; }
  void run(size_t step) const;

 private:
  std::vector<std::vector<void*>> addresses_;  // of buffers, by step
  std::vector<CompiledFunction> functions_;    // by step
};

}  // namespace wattgrind
