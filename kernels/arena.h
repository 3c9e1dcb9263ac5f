// The memory all buffers of a network lie in, at the same addresses wherever it runs or is counted.
#pragma once

#include <cstdint>

namespace wattgrind {

// Above what executables map. Valgrind 3.19 grants an arena of 8 GiB here and refuses one that
// starts at 64 GiB; what it refuses, the executable reports.
inline constexpr uint64_t kArenaAddress = 0x100000000;
inline constexpr uint64_t kLargestArenaBytes = uint64_t{60} << 30;

}  // namespace wattgrind
