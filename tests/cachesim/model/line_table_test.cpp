#include "cachesim/model/line_table.h"

#include <gtest/gtest.h>

#include <utility>

#include "cachesim/model/seen_lines.h"

namespace wattgrind {
namespace {

TEST(LineTable, KeepsWhatItHoldsAsItGrows) {
  LineTable table;
  table.cover(3);
  table[3] = 30;
  constexpr uint64_t kFar = uint64_t{1} << 30;  // a table of 4 GiB, were all of it in memory
  table.cover(kFar);
  EXPECT_EQ(table[3], 30u);
  EXPECT_EQ(table[kFar], 0u);
  table[kFar] = 7;
  table.cover(2);
  EXPECT_EQ(table[kFar], 7u);
}

TEST(SeenLines, TellsMarkedLinesUntilTheyAreForgotten) {
  SeenLines lines;
  EXPECT_FALSE(lines.has(1000)) << "nothing is covered yet";
  EXPECT_TRUE(lines.mark(33));
  EXPECT_FALSE(lines.mark(33));
  EXPECT_TRUE(lines.mark(34));
  EXPECT_FALSE(lines.has(32));
  EXPECT_FALSE(lines.has(uint64_t{1} << 40));
  lines.forget(33);
  EXPECT_FALSE(lines.has(33));
  EXPECT_TRUE(lines.has(34));
  EXPECT_TRUE(lines.mark(33));
}

TEST(LineTable, MovesWithItsNumbers) {
  LineTable table;
  table.cover(100);
  table[100] = 5;
  LineTable moved = std::move(table);
  EXPECT_EQ(moved[100], 5u);
  table = std::move(moved);
  EXPECT_EQ(table[100], 5u);
}

}  // namespace
}  // namespace wattgrind
