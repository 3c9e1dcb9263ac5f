#include "kernels/layout/tiling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wattgrind {
namespace {

using testing::ElementsAre;

TEST(BalancedTiles, DifferByAtMostOne) {
  EXPECT_THAT(balanced_tiles(13, 6), ElementsAre(Tiles{0, 1, 5}, Tiles{5, 2, 4}));
  EXPECT_THAT(balanced_tiles(12, 6), ElementsAre(Tiles{0, 2, 6}));
  EXPECT_THAT(balanced_tiles(1, 6), ElementsAre(Tiles{0, 1, 1}));
}

TEST(BalancedTiles, CoverEveryExtentOnce) {
  for (int64_t extent = 1; extent <= 100; ++extent) {
    for (int64_t largest = 1; largest <= 16; ++largest) {
      int64_t end = 0;
      for (const Tiles& tiles : balanced_tiles(extent, largest)) {
        EXPECT_EQ(tiles.start, end);
        EXPECT_LE(tiles.size, largest);
        end += tiles.count * tiles.size;
      }
      EXPECT_EQ(end, extent);
    }
  }
}

TEST(FullTiles, LeaveTheRestToOne) {
  EXPECT_THAT(full_tiles(13, 6), ElementsAre(Tiles{0, 2, 6}, Tiles{12, 1, 1}));
  EXPECT_THAT(full_tiles(3, 6), ElementsAre(Tiles{0, 1, 3}));
}

TEST(VectorPieces, EndInPowersOfTwo) {
  EXPECT_THAT(vector_pieces(27, 8), ElementsAre(Tiles{0, 3, 8}, Tiles{24, 1, 2}, Tiles{26, 1, 1}));
}

TEST(ColumnBlocks, PadTheRemainderToFewVectors) {
  EXPECT_THAT(column_blocks(38, Isa::kAvx2, Surplus::kPad),
              ElementsAre(ColumnBlock{0, 2, 8}, ColumnBlock{16, 2, 8}, ColumnBlock{32, 1, 8}));
  EXPECT_THAT(column_blocks(10, Isa::kAvx2, Surplus::kPad), ElementsAre(ColumnBlock{0, 2, 8}));
  EXPECT_THAT(column_blocks(3, Isa::kAvx512, Surplus::kPad), ElementsAre(ColumnBlock{0, 1, 4}));
  EXPECT_EQ(padded_width(column_blocks(38, Isa::kAvx2, Surplus::kPad)), 40);
}

TEST(ColumnBlocks, ExactOnesNeverStickOut) {
  for (int64_t channels = 1; channels <= 70; ++channels) {
    for (const IsaTraits& isa : kIsas) {
      EXPECT_EQ(padded_width(column_blocks(channels, isa.isa, Surplus::kExact)), channels);
    }
  }
}

TEST(TileVectors, LeaveRegistersForTheOperands) {
  EXPECT_EQ(tile_vectors(Isa::kAvx2, 6), 2);
  EXPECT_EQ(tile_vectors(Isa::kAvx2, 3), 2);  // 3 x 4 sums, 3 values, a weight, a product: 17
  EXPECT_EQ(tile_vectors(Isa::kAvx2, 2), 6);
  EXPECT_EQ(tile_vectors(Isa::kAvx2, 1), 12);
  EXPECT_EQ(tile_vectors(Isa::kAvx512, 14), 2);
  EXPECT_EQ(tile_vectors(Isa::kAvx512, 7), 2);
  EXPECT_EQ(tile_vectors(Isa::kAvx512, 6), 4);
}

TEST(MostVectors, LeaveRegistersForTheOperands) {
  EXPECT_EQ(most_vectors(Isa::kSse42, 1), 13);  // 13 sums, a value, a weight, a product
  EXPECT_EQ(most_vectors(Isa::kAvx512, 5), 5);  // 25 sums, 5 values, a weight, a product: 32
  EXPECT_EQ(most_vectors(Isa::kAvx2, 20), 1);
}

TEST(Runs, GatherEqualBlocks) {
  const auto result = runs(column_blocks(70, Isa::kAvx2, Surplus::kPad));
  ASSERT_EQ(result.size(), 2u);
  EXPECT_EQ(result[0].count, 4);
  EXPECT_EQ(result[1].block, (ColumnBlock{64, 1, 8}));
}

}  // namespace
}  // namespace wattgrind
