// The arena is the memory that all buffers of a network lie in. Kernels are compiled and counted as
// if it and their stack lay at these addresses, wherever the memory really is:
//
//   0x200000 (2 MiB)          0x400000 (4 MiB)         0x100000000 (4 GiB)
//   | stack, 64 KiB |  ...    | kernels' code |  ...   | input | weights | bias | map | ... |
//     grows downwards           of an executable         the arena: buffers, one after the other
#pragma once

#include <cstdint>

namespace wattgrind {

// The arena begins above everything that executables map. Valgrind 3.19 grants an arena of 8 GiB
// here and refuses one that starts at 64 GiB; the executable reports a refusal.
inline constexpr uint64_t kArenaAddress = 0x100000000;
inline constexpr uint64_t kLargestArenaBytes = uint64_t{60} << 30;

// The stack lies below where a static executable's text usually lies on x86-64, and under 4 GiB, so
// that start-up code can name it in 32 bits. Kernels call nothing, and the registers they spill
// take some hundred bytes.
inline constexpr uint64_t kStackAddress = 0x200000;
inline constexpr uint64_t kStackBytes = 64 * 1024;
// How far from the stack's first byte functions of x86 expect the stack pointer on entry: 8 bytes,
// the size of a return address, below a multiple of 16 (System V ABI, 3.2.2).
inline constexpr uint64_t kStackPointerOffset = kStackBytes - 8;

}  // namespace wattgrind
