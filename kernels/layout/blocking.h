// How many bytes a kernel counts on finding in a cache again when it reuses them.
//
// Kernels are chosen for an instruction set, not for a machine: a profile's caches change what a
// kernel costs, never the kernel. The sizes are those common to the CPUs of a set: 32 KiB of L1,
// and 256 KiB of L2 (SSE and AVX2 Xeons and Cores, Cortex-A57's share of its 2 MiB) or 1 MiB
// (AVX-512 servers). Half of each is for what the functions below name, the other half for
// everything that is read once.
#pragma once

#include <cstdint>

#include "estimator/base/isa.h"

namespace wattgrind {

// The bytes of weights that stay in L1 while a product's tile walks them for one group of rows or
// pixels after the other.
inline constexpr int64_t kWeightChunkBytes = 16 * 1024;

// The sets of L1: as many lines follow each other before a set comes round again.
inline constexpr int64_t kL1Sets = 64;

// The bytes of L1 that two streams of pixels may take together, so that they are still there when
// they are walked again.
inline constexpr int64_t kWalkedBytes = 24 * 1024;
inline constexpr double kWalkedWays = 7;  // of the eight of each set

// The bytes of a feature map's rows that stay in L2 while a product computes one block of output
// channels after the other.
constexpr int64_t resident_map_bytes(Isa isa) {
  return (isa == Isa::kAvx512 ? 1024 : 256) * 1024 / 2;
}

// How long a load takes of data that is used again and again but does not fit L2, in loads from the
// last level: 1 if `bytes` stay there, 4 if they come from memory. The shipped profiles' cores have
// 1.4 to 2.5 MiB of the last level each, and a load from memory takes three to six times as long as
// one from there.
constexpr int64_t distance_from_l2(int64_t bytes) { return bytes <= 2 * 1024 * 1024 ? 1 : 4; }

// Weights that do not stay in L2 come from far off once for every group of rows. Caches follow a
// stream on their own, but only as far as it is read; where a chunk of weights serves one tile
// after the other, nobody asks for the next until its turn comes. Half a chunk ahead did best of 1
// to 32 KiB for a dense layer of 151 MB and for Winograd's products of 38 MB.
inline constexpr int64_t kPrefetchBytes = kWeightChunkBytes / 2;

constexpr bool pays_to_prefetch(int64_t weight_bytes, Isa isa) {
  return weight_bytes > 2 * resident_map_bytes(isa);
}

// Whether to ask ahead for weights that a single tile takes in one go: with AVX-512 that takes a
// twentieth off dense layers of 16 to 411 MB, with AVX2 it costs a quarter where the weights lie in
// the last level.
constexpr bool pays_to_prefetch_stream(Isa isa) { return isa == Isa::kAvx512; }

// The largest divisor of `value` that is at most `limit` (at least 1).
constexpr int64_t largest_divisor(int64_t value, int64_t limit) {
  int64_t divisor = value < limit ? value : limit;
  while (value % divisor != 0) --divisor;
  return divisor;
}

}  // namespace wattgrind
