#include "kernels/run/executable_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "estimator/base/error.h"

namespace wattgrind {

ExecutableMemory::ExecutableMemory(size_t bytes) : bytes_(std::max<size_t>(1, bytes)) {
  void* const pages =
      mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    fail(ErrorKind::kFailed, "no memory for {} bytes of kernels: {}", bytes_, std::strerror(errno));
  }
  begin_ = static_cast<uint8_t*>(pages);
}

ExecutableMemory::~ExecutableMemory() { munmap(begin_, bytes_); }

void ExecutableMemory::write(size_t offset, std::span<const uint8_t> code) {
  CHECK(offset + code.size() <= bytes_, "{} bytes of code at {} of {}", code.size(), offset,
        bytes_);
  std::copy(code.begin(), code.end(), begin_ + offset);
}

void ExecutableMemory::make_executable() {
  if (mprotect(begin_, bytes_, PROT_READ | PROT_EXEC) != 0) {
    fail(ErrorKind::kFailed,
         "the system refuses executable memory for kernels: {}; allow it (SELinux: execmem) or "
         "run elsewhere",
         std::strerror(errno));
  }
  // What was written as data must be seen as instructions; of x86 this is nothing.
  __builtin___clear_cache(reinterpret_cast<char*>(begin_),
                          reinterpret_cast<char*>(begin_ + bytes_));
}

}  // namespace wattgrind
