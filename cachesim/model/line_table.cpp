#include "cachesim/model/line_table.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace wattgrind {

LineTable::~LineTable() {
  if (numbers_ != nullptr) {
    munmap(numbers_, size_ * sizeof(uint32_t));
  }
}

void LineTable::grow(size_t lines) {
  constexpr size_t kFewest = size_t{1} << 16;
  const size_t grown = std::max({lines, 2 * size_, kFewest});
  const size_t bytes = grown * sizeof(uint32_t);
  void* moved = numbers_ == nullptr
                    ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                    : mremap(numbers_, size_ * sizeof(uint32_t), bytes, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) {
    throw std::bad_alloc();
  }
  numbers_ = static_cast<uint32_t*>(moved);
  size_ = grown;
}

}  // namespace wattgrind
