#include "kernels/jit.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "estimator/error.h"

namespace wattgrind {

class NativeKernels::ExecutableMemory {
 public:
  explicit ExecutableMemory(std::span<const uint8_t> code)
      : bytes_(std::max<size_t>(1, code.size())) {
    address_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address_ == MAP_FAILED) {
      fail(ErrorKind::kFailed, "no memory for {} bytes of kernels: {}", bytes_,
           std::strerror(errno));
    }
    std::copy(code.begin(), code.end(), static_cast<uint8_t*>(address_));
    if (mprotect(address_, bytes_, PROT_READ | PROT_EXEC) != 0) {
      const int reason = errno;
      munmap(address_, bytes_);
      fail(ErrorKind::kFailed,
           "the system refuses executable memory for kernels: {}; allow it (SELinux: execmem) or "
           "run elsewhere",
           std::strerror(reason));
    }
  }
  ~ExecutableMemory() { munmap(address_, bytes_); }
  ExecutableMemory(const ExecutableMemory&) = delete;
  ExecutableMemory& operator=(const ExecutableMemory&) = delete;

  uint8_t* begin() const { return static_cast<uint8_t*>(address_); }
  size_t size() const { return bytes_; }

 private:
  void* address_ = nullptr;
  size_t bytes_ = 0;
};

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
  memory_ = std::make_unique<ExecutableMemory>(code.text);
  for (const CodeSymbol& symbol : code.functions) {
    functions_.push_back(reinterpret_cast<KernelFunction>(memory_->begin() + symbol.offset_bytes));
  }
}

NativeKernels::~NativeKernels() = default;
NativeKernels::NativeKernels(NativeKernels&&) noexcept = default;
NativeKernels& NativeKernels::operator=(NativeKernels&&) noexcept = default;

size_t NativeKernels::code_bytes() const { return memory_->size(); }

}  // namespace wattgrind
