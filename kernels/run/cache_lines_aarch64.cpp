#include <cstdint>

#include "kernels/run/cache_lines.h"

namespace wattgrind {
namespace {

// The shortest line of any data cache (Arm ARM, CTR_EL0: DminLine, the logarithm of its words).
size_t least_line_bytes() {
  uint64_t caches = 0;
  asm("mrs %0, ctr_el0" : "=r"(caches));
  return size_t{4} << (caches >> 16 & 0xf);
}

}  // namespace

void drop_from_caches(std::span<const std::byte> memory) {
  const size_t step = least_line_bytes();
  for (size_t at = 0; at < memory.size(); at += step) {
    asm volatile("dc civac, %0" ::"r"(&memory[at]) : "memory");
  }
  asm volatile("dsb ish" ::: "memory");
}

}  // namespace wattgrind
