#include "cachesim/lru/stamped_cache.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/cachesim/list_oracle.h"
#include "tests/cachesim/random_program.h"

namespace wattgrind {
namespace {

constexpr uint64_t kLines = 200;

struct Caches {
  explicit Caches(UseTime latest)
      : lists(level("L2", 3 * 4 * 64 * 4, 4)), stamped(lists.config.geometry, latest) {
    stamped.cover(kLines);
  }
  OracleLevel lists;
  StampedCache stamped;
};

// Returns what the lists give up for the line, an invalid entry where it is held or there is room.
LruEntry touch(OracleLevel& lists, uint64_t line, bool dirty) {
  LruEntry displaced = kInvalidEntry;
  if (!lists.touch(line)) {
    if (lists.full(line)) {
      const OracleLine last = lists.pop(line);
      displaced = static_cast<LruEntry>(last.line << 1 | (last.dirty ? 1 : 0));
    }
    lists.push({line, false});
  }
  lists.find(line)->dirty |= dirty;
  return displaced;
}

// The clock counts few uses, so that times are often numbered anew.
TEST(StampedCache, EqualsListsWhateverIsDone) {
  Caches caches(500);
  std::mt19937_64 random(7);
  uint64_t displacements = 0, removals = 0;
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t line = random() % kLines;
    switch (random() % 8) {
      case 0: {
        const OracleLine* held = caches.lists.find(line);
        const LruEntry expected = held == nullptr
                                      ? kInvalidEntry
                                      : static_cast<LruEntry>(line << 1 | (held->dirty ? 1 : 0));
        ASSERT_EQ(caches.stamped.remove(line), expected) << i;
        caches.lists.drop(line);
        removals += held != nullptr;
        break;
      }
      case 1: {
        OracleLine* held = caches.lists.find(line);
        ASSERT_EQ(caches.stamped.mark_dirty(line), held != nullptr) << i;
        if (held != nullptr) held->dirty = true;
        break;
      }
      default: {
        const bool dirty = random() % 4 == 0;
        const bool held = caches.lists.find(line) != nullptr;
        const LruTouch found = caches.stamped.touch(line, dirty ? 1 : 0);
        ASSERT_EQ(found.missed, !held) << i;
        ASSERT_EQ(found.displaced.entry(), touch(caches.lists, line, dirty)) << i;
        displacements += found.displaced.is_valid();
      }
    }
  }
  EXPECT_GT(displacements, 1000u);
  EXPECT_GT(removals, 100u);
}

TEST(StampedCache, UsesOfManyLinesEqualUsesOfEach) {
  Caches caches(5000);
  std::mt19937_64 random(11);
  for (int i = 0; i < 300; ++i) {
    std::vector<FirstLevelMiss> lines(1 + random() % 100);
    std::vector<uint32_t> missed, expected;
    for (FirstLevelMiss& line : lines) {
      line.line = static_cast<uint32_t>(random() % kLines);
      if (caches.lists.find(line.line) == nullptr) {
        expected.push_back(line.line);
      }
      touch(caches.lists, line.line, false);
    }
    caches.stamped.touch_all(lines,
                             [&](const FirstLevelMiss& miss) { missed.push_back(miss.line); });
    ASSERT_EQ(missed, expected) << i;
  }
}

TEST(StampedCache, WhatIsPutBackIsTheOldest) {
  Caches caches(StampedCache::kLatest);
  for (const uint64_t line : {0, 12, 24, 36}) {  // all of one set
    caches.stamped.touch(line, line == 0 ? 1 : 0);
  }
  const LruTouch outcome = caches.stamped.touch(48, 0);
  ASSERT_EQ(outcome.displaced.entry(), 1u) << "line 0, dirty";
  caches.stamped.touch(12, 0);  // its note is out of date
  ASSERT_EQ(caches.stamped.remove(24), 48u);
  caches.stamped.put_back(outcome.displaced);
  EXPECT_EQ(caches.stamped.touch(60, 0).displaced.entry(), 1u);
  EXPECT_EQ(caches.stamped.touch(72, 0).displaced.entry() >> 1, 36u);
  EXPECT_EQ(caches.stamped.touch(84, 0).displaced.entry() >> 1, 48u);
  EXPECT_EQ(caches.stamped.touch(96, 0).displaced.entry() >> 1, 12u);
}

}  // namespace
}  // namespace wattgrind
