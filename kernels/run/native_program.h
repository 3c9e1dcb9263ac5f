// Programs in this computer's memory, compiled and ready to run.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/program/program.h"
#include "kernels/run/function_cache.h"

namespace wattgrind {

// How code of the instruction set is made for this computer.
CodegenOptions native_code(Isa isa);

// The buffers of a program in this computer's memory, laid out as in the arena, though at another
// address. They are zero at first.
class ProgramMemory {
 public:
  explicit ProgramMemory(const Program& program);

  std::span<float> buffer(uint32_t index) const;
  // The same of a buffer of bytes or integers.
  template <typename Value>
  std::span<Value> buffer_of(uint32_t index) const {
    const std::span<float> floats = buffer(index);
    return {reinterpret_cast<Value*>(floats.data()), buffers_[index].bytes / sizeof(Value)};
  }
  // Writes every line of the buffers back to memory, and leaves no cache with any of them.
  void empty_caches() const;

 private:
  struct FreePages {
    void operator()(std::byte* pages) const;
  };
  std::vector<ProgramBuffer> buffers_;
  size_t arena_bytes_ = 0;
  std::unique_ptr<std::byte, FreePages> arena_;
};

// The compiled steps of one or more programs that share their buffers. They work on the memory they
// were made with, which must outlive them. Equal nests share a function
// (kernels/run/function_cache.h).
class NativeSteps {
 public:
  // Steps are numbered through all programs: those of the first program, then those of the second,
  // and so on. Throws Error(kFailed) when the system refuses executable memory.
  NativeSteps(std::span<const Program* const> programs, const ProgramMemory& memory,
              const CodegenOptions& options);

  KernelFunction function(size_t step) const { return functions_.at(step).function; }
  void run(size_t step) const;

 private:
  std::vector<std::vector<void*>> addresses_;  // for each step, the addresses of its buffers
  std::vector<CompiledFunction> functions_;    // for each step, its function
};

}  // namespace wattgrind
