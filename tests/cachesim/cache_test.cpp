#include "cachesim/cache.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

// Lines that fall into set 0 of a cache with `sets` sets.
uint64_t nth_line(uint64_t n, uint64_t sets) { return n * sets; }

void fill(Cache& cache, uint64_t lines, uint64_t sets) {
  for (uint64_t i = 0; i < lines; ++i) {
    EXPECT_FALSE(cache.insert({nth_line(i, sets), false}).has_value());
  }
}

TEST(Cache, LruEvictsTheLineUsedLongestAgo) {
  Cache cache({4 * 64, 4, 64}, Replacement::kLru);
  fill(cache, 4, 1);
  EXPECT_TRUE(cache.touch(0));
  EXPECT_EQ(cache.insert({4, false})->line, 1u);
  EXPECT_FALSE(cache.touch(1));
}

// Hennessy and Patterson's 4-way tree: after ways 0, 1, 2, 3 and 0 again, the tree points to the
// half that was not used last and in it to the way not used last: way 2, where LRU says 1.
TEST(Cache, TreePlruEvictsWhereTheTreePoints) {
  Cache cache({4 * 64, 4, 64}, Replacement::kTreePlru);
  fill(cache, 4, 1);
  EXPECT_TRUE(cache.touch(0));
  EXPECT_EQ(cache.insert({4, false})->line, 2u);
  EXPECT_EQ(cache.insert({5, false})->line, 1u);
  EXPECT_EQ(cache.insert({6, false})->line, 3u);
}

TEST(Cache, SetsAreTheLineModuloTheirNumber) {
  const uint64_t sets = 3;
  Cache cache({sets * 2 * 64, 2, 64}, Replacement::kLru);
  fill(cache, 2, sets);
  EXPECT_FALSE(cache.insert({1, false}).has_value());  // another set
  EXPECT_EQ(cache.insert({nth_line(2, sets), false})->line, 0u);
}

TEST(Cache, RemembersWhatIsDirty) {
  Cache cache({2 * 64, 2, 64}, Replacement::kLru);
  cache.insert({1, true});
  cache.insert({2, false});
  EXPECT_TRUE(cache.mark_dirty(2));
  EXPECT_FALSE(cache.mark_dirty(3));
  EXPECT_TRUE(cache.insert({3, false})->dirty);
  EXPECT_TRUE(cache.insert({4, false})->dirty);
  EXPECT_FALSE(cache.insert({5, false})->dirty);
}

TEST(Cache, MarkingDirtyIsNotAUse) {
  Cache cache({2 * 64, 2, 64}, Replacement::kLru);
  fill(cache, 2, 1);
  cache.mark_dirty(0);
  EXPECT_EQ(cache.insert({2, false})->line, 0u);
}

TEST(Cache, FillsRemovedWaysFirst) {
  Cache cache({4 * 64, 4, 64}, Replacement::kLru);
  fill(cache, 4, 1);
  cache.mark_dirty(2);
  EXPECT_TRUE(cache.remove(2)->dirty);
  EXPECT_FALSE(cache.remove(2).has_value());
  EXPECT_FALSE(cache.insert({9, false}).has_value());
  EXPECT_EQ(cache.insert({10, false})->line, 0u);
}

}  // namespace
}  // namespace wattgrind
