#include "estimator/counts/counts.h"

#include <gtest/gtest.h>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

EventCounts two_level_counts(uint64_t scale) {
  EventCounts counts;
  counts.refs = {100 * scale, 10 * scale};
  counts.bytes = References{400 * scale, 40 * scale};
  LevelCounts l1;
  l1.accesses = 110 * scale;
  l1.hits = 90 * scale;
  l1.misses = 20 * scale;
  l1.read_misses = 15 * scale;
  l1.write_misses = 5 * scale;
  LevelCounts l2;
  l2.accesses = 20 * scale;
  l2.misses = 8 * scale;
  l2.hits = 12 * scale;
  counts.levels = {l1, l2};
  counts.dram.reads = 8 * scale;
  return counts;
}

void expect_equal(const EventCounts& a, const EventCounts& b) {
  EXPECT_EQ(a.refs.reads, b.refs.reads);
  EXPECT_EQ(a.refs.writes, b.refs.writes);
  ASSERT_TRUE(a.bytes && b.bytes);
  EXPECT_EQ(a.bytes->reads, b.bytes->reads);
  EXPECT_EQ(a.bytes->writes, b.bytes->writes);
  ASSERT_EQ(a.levels.size(), b.levels.size());
  for (size_t i = 0; i < a.levels.size(); ++i) {
    EXPECT_EQ(a.levels[i].accesses, b.levels[i].accesses);
    EXPECT_EQ(a.levels[i].hits, b.levels[i].hits);
    EXPECT_EQ(a.levels[i].misses, b.levels[i].misses);
    EXPECT_EQ(a.levels[i].read_misses, b.levels[i].read_misses);
    EXPECT_EQ(a.levels[i].write_misses, b.levels[i].write_misses);
    EXPECT_EQ(a.levels[i].write_backs, b.levels[i].write_backs);
  }
  EXPECT_EQ(a.dram.reads, b.dram.reads);
  EXPECT_EQ(a.dram.write_backs, b.dram.write_backs);
}

TEST(Counts, AddAndSubtractFieldByField) {
  expect_equal(sum(two_level_counts(1), two_level_counts(2)), two_level_counts(3));
  expect_equal(difference(two_level_counts(5), two_level_counts(2)), two_level_counts(3));
}

TEST(Counts, AnAbsentFieldMakesTheResultAbsent) {
  EventCounts counts = two_level_counts(1);
  counts.bytes.reset();
  counts.levels[1].hits.reset();
  counts.levels[0].write_backs = 3;  // on one side only
  for (const EventCounts& result :
       {sum(counts, two_level_counts(1)), difference(two_level_counts(2), counts)}) {
    EXPECT_FALSE(result.bytes);
    EXPECT_FALSE(result.levels[1].hits);
    EXPECT_FALSE(result.levels[0].write_backs);
    EXPECT_TRUE(result.levels[0].hits);
  }
}

TEST(Counts, ASumBeyond64BitsIsAnError) {
  EventCounts counts = two_level_counts(1);
  counts.levels[1].misses = UINT64_MAX;
  EXPECT_THROW(sum(counts, two_level_counts(1)), Error);
}

TEST(Counts, OnlyHitsMayDifferNegatively) {
  EventCounts smaller = two_level_counts(2);
  smaller.levels[1].hits = 0;
  EXPECT_FALSE(difference(smaller, two_level_counts(1)).levels[1].hits);
  smaller.levels[1].misses = 0;
  EXPECT_THROW(difference(smaller, two_level_counts(1)), Error);
}

TEST(Counts, BytesMovedAreThoseOfReferencesAndLines) {
  EventCounts counts = two_level_counts(1);
  EXPECT_EQ(bytes_moved(counts, 0, 64), 440u);
  EXPECT_FALSE(bytes_moved(counts, 1, 64)) << "what is written there is not known";
  counts.levels[1].lines_from_above = 3;
  EXPECT_EQ(bytes_moved(counts, 1, 64), (20u + 3) * 64);
  EXPECT_EQ(sum(counts, counts).levels[1].lines_from_above, 6u);
  EXPECT_EQ(scaled(counts, 5).levels[1].lines_from_above, 15u);
}

}  // namespace
}  // namespace wattgrind
