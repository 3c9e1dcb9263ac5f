// How channels become vectors and how extents become tiles.
//
// A product's rows are pixels or images, its columns output channels. A column block is the columns
// that a register tile computes at once, a register tile the rows and columns whose sums are in
// registers together. With vectors of 8 lanes, 40 channels are three blocks:
//
//             block 0          block 1       block 2
//          |8      |8      |8      |8      |8      |
//   row 0  |  tile of      |
//    ...   |  6 rows x     |
//   row 5  |  2 vectors    |
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/base/isa.h"

namespace wattgrind {

// A column block has `vectors` vectors of `lanes` channels. Weights are packed block by block, so
// that a tile reads them in sequence.
struct ColumnBlock {
  int64_t first = 0;  // the block's first channel
  int vectors = 0;
  int lanes = 0;

  int64_t width() const { return int64_t{vectors} * lanes; }
  friend bool operator==(const ColumnBlock&, const ColumnBlock&) = default;
};

// The surplus is the lanes of the last vector past the last channel. It may be allowed or not.
enum class Surplus {
  kPad,   // it is allowed: vectors are fewer, and surplus lanes have weights and results of zero
  kExact  // it is not: the remainder is split into vectors of powers of two
};

// Splits `channels` into blocks of two full vectors and a remainder. With kExact the remainder is
// pieces of one vector each. With kPad it is one block of as few vectors as hold it; if that is one
// vector, its lanes are the smallest power of two that does.
std::vector<ColumnBlock> column_blocks(int64_t channels, Isa isa, Surplus surplus);

// The channels of all blocks together, surplus lanes included.
int64_t padded_width(const std::vector<ColumnBlock>& blocks);

// A run is equal neighbouring blocks, over which one loop can go.
struct BlockRun {
  ColumnBlock block;  // the first of them
  int64_t count = 0;
};
std::vector<BlockRun> runs(const std::vector<ColumnBlock>& blocks);

// A group of `count` equal tiles of `size`, side by side, the first of which is at `start`.
struct Tiles {
  int64_t start = 0;
  int64_t count = 0;
  int64_t size = 0;

  friend bool operator==(const Tiles&, const Tiles&) = default;
};

// Splits [0, extent) into as few tiles of at most `largest` as possible. Their sizes differ by at
// most one, and the larger come first: 13 by 6 is 5 + 4 + 4. There are at most two groups.
std::vector<Tiles> balanced_tiles(int64_t extent, int64_t largest);

// Splits [0, extent) into tiles of `size` and, where they do not divide it, one smaller tile.
std::vector<Tiles> full_tiles(int64_t extent, int64_t size);

// Covers [0, width) with vectors: first full ones, then ever shorter ones of powers of two.
std::vector<Tiles> vector_pieces(int64_t width, int max_lanes);

// The rows of a register tile of two vectors: as many as leave registers for the operands. AVX2
// with its 16 registers takes 6 rows, AVX-512 with its 32 takes 14.
int64_t tile_rows(Isa isa);

// How many column vectors a tile of `rows` rows may have without spilling registers, at least 2:
// with few rows more columns keep as many sums going, which hides the latency of the additions.
int64_t tile_vectors(Isa isa, int64_t rows);

// The most column vectors, at least 1, of a tile of `rows` rows whose sums all stay in registers.
int64_t most_vectors(Isa isa, int64_t rows);

// Whether vectors have eight lanes or more, most of which stay empty if channels are few. Three
// channels nearly fill four lanes, so kernels that copy tensors into another order to fill lanes
// gain little there.
bool has_lanes_to_fill(Isa isa);

// How many multiply-adds must be under way at once to hide their latency: cores with AVX2 or
// AVX-512 since Skylake (Intel) and Zen 2 (AMD) start 2 a cycle and take 4 cycles for each. A tile
// of fewer sums takes as long as one of so many.
inline constexpr int64_t kLatencyHidingSums = 8;

}  // namespace wattgrind
