#include "cachesim/walk/slow_streams.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace wattgrind {
namespace {

LineStream slow_stream(uint64_t address, int64_t stride) {
  LineStream stream;
  stream.address = address;
  stream.stride = stride;
  stream.reciprocal = stride == 0 ? 0 : reciprocal_of(static_cast<uint64_t>(stride));
  stream.is_slow = true;
  return stream;
}

Segment segment_of(std::vector<LineStream> streams, uint64_t iterations) {
  Segment segment{std::move(streams), {}, {}, iterations, 6};
  for (uint32_t i = 0; i < segment.streams.size(); ++i) {
    segment.slow.push_back(i);
  }
  return segment;
}

// Two streams of a quarter and half a line, whose look-ups are told by hand.
TEST(SlowStreams, ComeToLinesWhenTheyLeaveTheLast) {
  const Segment segment = segment_of({slow_stream(0, 16), slow_stream(1024, 32)}, 7);
  SlowStreams slow(segment, 1);
  ASSERT_TRUE(slow.comes_to_line(0, 0) && slow.comes_to_line(1, 0));
  EXPECT_EQ(slow.come_to_line(0, 0), 3u);
  EXPECT_EQ(slow.come_to_line(1, 0), 1u);
  slow.find_next();
  EXPECT_EQ(slow.next(), 2u);
  EXPECT_FALSE(slow.comes_to_line(0, 2));
  EXPECT_EQ(slow.come_to_line(1, 2), 3u);
  slow.find_next();
  EXPECT_EQ(slow.next(), 4u);
  EXPECT_EQ(slow.come_to_line(0, 4), 6u) << "the segment ends before the stay";
}

TEST(SlowStreams, LookUpAgainALineTakenOutBelowThem) {
  const Segment segment = segment_of({slow_stream(0, 16), slow_stream(0, 16)}, 8);
  SlowStreams slow(segment, 1);
  slow.come_to_line(0, 0);
  slow.come_to_line(1, 0);
  slow.find_next();
  ASSERT_EQ(slow.next(), 4u);
  slow.look_up_again(0, 0, 2);  // after the first stream, before the second
  EXPECT_EQ(slow.next(), 2u);
  EXPECT_TRUE(slow.comes_to_line(0, 3));
  EXPECT_TRUE(slow.comes_to_line(1, 2));
}

TEST(SlowStreams, AreInStepIfTheyLeaveTheirLinesTogether) {
  EXPECT_TRUE(
      SlowStreams(segment_of({slow_stream(0, 16), slow_stream(4096 + 8, 16)}, 8), 1).are_in_step());
  EXPECT_TRUE(
      SlowStreams(segment_of({slow_stream(0, 16), slow_stream(4096, 0)}, 8), 1).are_in_step());
  EXPECT_FALSE(SlowStreams(segment_of({slow_stream(0, 16), slow_stream(4096 + 16, 16)}, 8), 1)
                   .are_in_step());
  EXPECT_FALSE(
      SlowStreams(segment_of({slow_stream(0, 16), slow_stream(4096, 8)}, 8), 1).are_in_step());
  EXPECT_FALSE(SlowStreams(segment_of({slow_stream(0, 24)}, 8), 1).are_in_step());
}

}  // namespace
}  // namespace wattgrind
