// The memory all buffers of a network lie in, and its kernels' stack: at the same addresses
// wherever it runs or is counted.
#pragma once

#include <cstdint>

namespace wattgrind {

// Above what executables map. Valgrind 3.19 grants an arena of 8 GiB here and refuses one that
// starts at 64 GiB; what it refuses, the executable reports.
inline constexpr uint64_t kArenaAddress = 0x100000000;
inline constexpr uint64_t kLargestArenaBytes = uint64_t{60} << 30;

// The stack: below where a static executable's text usually lies on x86-64, and under 4 GiB, so
// that start-up code can name it in 32 bits. Kernels call nothing: what they spill needs some
// hundred bytes.
inline constexpr uint64_t kStackAddress = 0x200000;
inline constexpr uint64_t kStackBytes = 64 * 1024;
// Where functions expect the stack pointer on entry, from the stack's first byte: a return address
// below a multiple of 16 (System V ABI, 3.2.2).
inline constexpr uint64_t kStackPointerOffset = kStackBytes - 8;

}  // namespace wattgrind
