#include "kernels/run/jit.h"

#include "estimator/base/error.h"
#include "kernels/run/executable_memory.h"

namespace wattgrind {

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
