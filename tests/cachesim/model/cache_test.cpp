#include "cachesim/model/cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

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

// Tree-PLRU without a tree: of each pair of halves, the one that was not used last.
class HalvesOracle {
 public:
  explicit HalvesOracle(size_t ways) : lines_(ways), last_used_(ways, 0) {}

  bool touch(uint64_t line) {
    const auto way = std::ranges::find(lines_, std::optional(line));
    if (way == lines_.end()) {
      return false;
    }
    last_used_[static_cast<size_t>(way - lines_.begin())] = ++now_;
    return true;
  }

  std::optional<uint64_t> insert(uint64_t line) {
    const auto invalid = std::ranges::find(lines_, std::optional<uint64_t>());
    const size_t way = invalid != lines_.end() ? static_cast<size_t>(invalid - lines_.begin())
                                               : victim(0, lines_.size());
    const std::optional<uint64_t> evicted = lines_[way];
    lines_[way] = line;
    last_used_[way] = ++now_;
    return evicted;
  }

 private:
  size_t victim(size_t first, size_t ways) const {
    if (ways == 1) {
      return first;
    }
    const auto begin = last_used_.begin() + static_cast<ptrdiff_t>(first);
    const auto middle = begin + static_cast<ptrdiff_t>(ways / 2);
    const auto end = begin + static_cast<ptrdiff_t>(ways);
    const bool left_was_last = *std::max_element(begin, middle) > *std::max_element(middle, end);
    return victim(left_was_last ? first + ways / 2 : first, ways / 2);
  }

  std::vector<std::optional<uint64_t>> lines_;  // by way
  std::vector<uint64_t> last_used_;
  uint64_t now_ = 0;
};

TEST(Cache, TreePlruGivesUpTheHalfNotUsedLast) {
  for (const uint32_t ways : {1u, 2u, 4u, 8u, 16u, 32u}) {
    Cache cache({uint64_t{ways} * 64, ways, 64}, Replacement::kTreePlru);
    HalvesOracle oracle(ways);
    std::mt19937_64 random(ways);
    for (int i = 0; i < 20000; ++i) {
      const uint64_t line = random() % (2 * ways);
      const bool held = oracle.touch(line);
      ASSERT_EQ(cache.touch(line), held) << ways << " ways, use " << i;
      if (!held) {
        const std::optional<HeldLine> evicted = cache.insert({line, false});
        const std::optional<uint64_t> expected = oracle.insert(line);
        ASSERT_EQ(evicted.has_value(), expected.has_value());
        ASSERT_EQ(evicted ? evicted->line : 0, expected.value_or(0)) << ways << " ways, use " << i;
      }
    }
  }
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
