#include "kernels/layout/map_layout.h"
#include "kernels/run/cache_lines.h"

namespace wattgrind {

void drop_from_caches(std::span<const std::byte> memory) {
  constexpr auto kStep = static_cast<size_t>(kLineBytes);
  for (size_t at = 0; at < memory.size(); at += kStep) __builtin_ia32_clflush(&memory[at]);
  __builtin_ia32_mfence();
}

}  // namespace wattgrind
