// How channels become vectors and how extents become tiles.
#pragma once

#include <cstdint>
#include <vector>

#include "estimator/base/isa.h"

namespace wattgrind {

// Columns of a product that one register tile computes: `vectors` vectors of `lanes` channels.
// Weights are packed block by block, so that a tile reads them in sequence.
struct ColumnBlock {
  int64_t first = 0;  // its first channel
  int vectors = 0;
  int lanes = 0;

  int64_t width() const { return int64_t{vectors} * lanes; }
  friend bool operator==(const ColumnBlock&, const ColumnBlock&) = default;
};

// Whether the last vector may stick out past the last channel.
enum class Surplus {
  kPad,   // yes: fewer vectors, dead lanes (weights and results of zero)
  kExact  // no: the remainder is split into powers of two
};

// Blocks of two full vectors; the remainder is one block of as few vectors as hold it (one vector:
// the shortest power of two that does), or exact pieces.
std::vector<ColumnBlock> column_blocks(int64_t channels, Isa isa, Surplus surplus);

// Values stored for `channels` channels when blocks are padded.
int64_t padded_width(const std::vector<ColumnBlock>& blocks);

// Equal neighbouring blocks, as one loop runs over them.
struct BlockRun {
  ColumnBlock block;  // the first
  int64_t count = 0;
};
std::vector<BlockRun> runs(const std::vector<ColumnBlock>& blocks);

// `count` tiles of `size`, the first at `start`.
struct Tiles {
  int64_t start = 0;
  int64_t count = 0;
  int64_t size = 0;

  friend bool operator==(const Tiles&, const Tiles&) = default;
};

// Splits [0, extent) into as few tiles of at most `largest` as possible, their sizes differing by
// at most one, the larger first: 13 by 6 is 5 + 4 + 4, at most two groups of equal tiles.
std::vector<Tiles> balanced_tiles(int64_t extent, int64_t largest);

// Splits [0, extent) into full tiles and one rest.
std::vector<Tiles> full_tiles(int64_t extent, int64_t size);

// Covers [0, width) with vectors: full ones (a group of equal tiles), then powers of two.
std::vector<Tiles> vector_pieces(int64_t width, int max_lanes);

// The register tile: as many rows (pixels or images) by vectors of columns as leave registers for
// the operands. 6x2 of AVX2's 16 registers, 14x2 of AVX-512's 32.
int64_t tile_rows(Isa isa);

// How many column vectors a tile of `rows` rows may have without spilling registers, at least 2:
// with few rows more columns keep as many sums going, which hides the latency of the additions.
int64_t tile_vectors(Isa isa, int64_t rows);

// The most column vectors, at least 1, of a tile of `rows` rows whose sums all stay in registers.
int64_t most_vectors(Isa isa, int64_t rows);

// Whether vectors are so long, eight lanes, that few channels leave most of them empty. Four lanes
// three channels fill already; kernels that copy tensors into another order gain little on them.
bool has_lanes_to_fill(Isa isa);

// Multiply-adds that must be under way at once to hide their latency: 4 cycles, 2 a cycle, on the
// AVX2 and AVX-512 cores since Skylake (Intel) and Zen 2 (AMD). A tile of fewer takes as long.
inline constexpr int64_t kLatencyHidingSums = 8;

}  // namespace wattgrind
