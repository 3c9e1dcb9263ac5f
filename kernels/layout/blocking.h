// How much of what stays in which cache while kernels reuse it.
//
// Kernels are chosen for an instruction set, not for a machine: a profile's caches change what a
// kernel costs, never the kernel. The sizes are those common to the CPUs of a set: 32 KiB of L1,
// and 256 KiB of L2 (SSE and AVX2 Xeons and Cores, Cortex-A57's share of its 2 MiB) or 1 MiB
// (AVX-512 servers). Half of each is for what is named here, the rest for everything that passes
// by.
#pragma once

#include <cstdint>

#include "estimator/base/isa.h"

namespace wattgrind {

// Weights that a tile of a product walks while rows or pixels pass by.
inline constexpr int64_t kWeightChunkBytes = 16 * 1024;

// Rows of a feature map that stay in L2 while blocks of output channels pass by.
constexpr int64_t resident_map_bytes(Isa isa) {
  return (isa == Isa::kAvx512 ? 1024 : 256) * 1024 / 2;
}

// How far from L2 what is used again and again is, in last levels: there, or in memory where it
// does not stay. The shipped profiles' cores have 1.4 to 2.5 MiB of the last level each, and a load
// from memory takes three to six times as long as one from there.
constexpr int64_t distance_from_l2(int64_t bytes) { return bytes <= 2 * 1024 * 1024 ? 1 : 4; }

// The largest divisor of `value` that is at most `limit` (at least 1).
constexpr int64_t largest_divisor(int64_t value, int64_t limit) {
  int64_t divisor = value < limit ? value : limit;
  while (value % divisor != 0) --divisor;
  return divisor;
}

}  // namespace wattgrind
