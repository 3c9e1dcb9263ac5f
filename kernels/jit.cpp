#include "kernels/jit.h"

#include "estimator/error.h"
#include "kernels/executable_memory.h"

namespace wattgrind {

Isa host_isa() {
  // The compiler's run-time looks at the system's support (XCR0) too.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("fma")) {
    return Isa::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) {
    return Isa::kAvx2;
  }
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")) return Isa::kSse42;
  fail(ErrorKind::kMissing,
       "this processor has no SSE 4.2, which native kernels need; run on an x86-64-v2 processor");
}

NativeKernels::NativeKernels(std::span<const LoopNest* const> nests,
                             const CodegenOptions& options) {
  const MachineCode code = generate_functions(nests, options);
  memory_ = std::make_unique<ExecutableMemory>(code.text.size());
  memory_->write(0, code.text);
  memory_->make_executable();
  for (const CodeSymbol& symbol : code.functions) {
    functions_.push_back(reinterpret_cast<KernelFunction>(memory_->begin() + symbol.offset_bytes));
  }
}

NativeKernels::~NativeKernels() = default;
NativeKernels::NativeKernels(NativeKernels&&) noexcept = default;
NativeKernels& NativeKernels::operator=(NativeKernels&&) noexcept = default;

size_t NativeKernels::code_bytes() const { return memory_->size(); }

}  // namespace wattgrind
