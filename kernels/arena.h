// The memory all buffers of a network lie in, at the same addresses wherever it runs or is counted.
#pragma once

#include <cstdint>

namespace wattgrind {

// Valgrind 3.19 grants what fits between here and its own mappings; it refuses 0x1000000000.
inline constexpr uint64_t kArenaAddress = 0x100000000;
inline constexpr uint64_t kLargestArenaBytes = uint64_t{8} << 30;

}  // namespace wattgrind
