#include "kernels/layout/tiling.h"

#include <algorithm>
#include <bit>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr int kBlockVectors = 2;

// Besides its sums a tile needs registers for the operand that stays (its rows or its vectors,
// whichever are fewer), for the one that passes by, and for a product to be added.
bool fits_in_registers(Isa isa, int64_t rows, int64_t vectors) {
  return rows * vectors + std::min(rows, vectors) + 2 <= traits(isa).vector_registers;
}

void append_exact(int64_t first, int64_t channels, int max_lanes, std::vector<ColumnBlock>& out) {
  for (const Tiles& piece : vector_pieces(channels, max_lanes)) {
    for (int64_t i = 0; i < piece.count; ++i) {
      out.push_back({first + piece.start + i * piece.size, 1, static_cast<int>(piece.size)});
    }
  }
}

}  // namespace

std::vector<ColumnBlock> column_blocks(int64_t channels, Isa isa, Surplus surplus) {
  CHECK(channels > 0, "{} channels", channels);
  const int lanes = traits(isa).float_lanes;
  const int64_t width = int64_t{kBlockVectors} * lanes;
  std::vector<ColumnBlock> blocks;
  int64_t first = 0;
  for (; channels - first >= width; first += width) blocks.push_back({first, kBlockVectors, lanes});
  const int64_t rest = channels - first;
  if (rest == 0) return blocks;
  if (surplus == Surplus::kExact) {
    append_exact(first, rest, lanes, blocks);
  } else if (rest > lanes) {
    blocks.push_back({first, kBlockVectors, lanes});
  } else {
    blocks.push_back({first, 1, static_cast<int>(std::bit_ceil(static_cast<uint64_t>(rest)))});
  }
  return blocks;
}

int64_t padded_width(const std::vector<ColumnBlock>& blocks) {
  return blocks.back().first + blocks.back().width();
}

std::vector<BlockRun> runs(const std::vector<ColumnBlock>& blocks) {
  std::vector<BlockRun> result;
  for (const ColumnBlock& block : blocks) {
    const bool equal = !result.empty() && result.back().block.vectors == block.vectors &&
                       result.back().block.lanes == block.lanes;
    if (equal) {
      ++result.back().count;
    } else {
      result.push_back({block, 1});
    }
  }
  return result;
}

std::vector<Tiles> balanced_tiles(int64_t extent, int64_t largest) {
  CHECK(extent > 0 && largest > 0, "{} by {}", extent, largest);
  const int64_t count = (extent + largest - 1) / largest;
  const int64_t small = extent / count;
  const int64_t large_count = extent % count;
  std::vector<Tiles> tiles;
  if (large_count > 0) tiles.push_back({0, large_count, small + 1});
  tiles.push_back({large_count * (small + 1), count - large_count, small});
  return tiles;
}

std::vector<Tiles> full_tiles(int64_t extent, int64_t size) {
  std::vector<Tiles> tiles;
  if (extent >= size) tiles.push_back({0, extent / size, size});
  if (extent % size > 0) tiles.push_back({extent / size * size, 1, extent % size});
  return tiles;
}

std::vector<Tiles> vector_pieces(int64_t width, int max_lanes) {
  std::vector<Tiles> pieces;
  int64_t start = 0;
  for (int64_t lanes = max_lanes; lanes > 0; lanes /= 2) {
    const int64_t count = (width - start) / lanes;
    if (count == 0) continue;
    pieces.push_back({start, count, lanes});
    start += count * lanes;
  }
  return pieces;
}

int64_t tile_rows(Isa isa) {
  switch (isa) {
    case Isa::kSse42:
    case Isa::kAvx2:
      return 6;
    case Isa::kAvx512:
      return 14;
    case Isa::kNeon:
      return 12;
  }
  CHECK(false, "instruction set {}", static_cast<int>(isa));
}

int64_t tile_vectors(Isa isa, int64_t rows) {
  int64_t vectors = kBlockVectors;
  while (rows * (vectors + kBlockVectors) <= kBlockVectors * tile_rows(isa) &&
         fits_in_registers(isa, rows, vectors + kBlockVectors)) {
    vectors += kBlockVectors;
  }
  return vectors;
}

int64_t most_vectors(Isa isa, int64_t rows) {
  int64_t vectors = 1;
  while (fits_in_registers(isa, rows, vectors + 1)) ++vectors;
  return vectors;
}

bool has_lanes_to_fill(Isa isa) { return traits(isa).float_lanes >= 8; }

}  // namespace wattgrind
