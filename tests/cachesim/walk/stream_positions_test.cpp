#include "cachesim/walk/stream_positions.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace wattgrind {
namespace {

LineStream slow_stream(uint64_t address, int64_t stride) {
  LineStream stream;
  stream.address = address;
  stream.stride = stride;
  stream.reciprocal = stride == 0 ? 0 : reciprocal_of(static_cast<uint64_t>(std::abs(stride)));
  stream.is_slow = true;
  return stream;
}

// Counts the iterations one by one.
TEST(StreamPositions, AStreamStaysForAsLongAsItsLineIsTheSame) {
  for (const uint32_t line_shift : {5u, 6u, 8u}) {
    const int64_t line_bytes = int64_t{1} << line_shift;
    for (int64_t stride = 1 - line_bytes; stride < line_bytes; ++stride) {
      for (const uint64_t offset : {uint64_t{0}, uint64_t{1}, uint64_t{17}}) {
        if (stride == 0) {
          continue;
        }
        Segment segment{{slow_stream(0x10000 + offset, stride)}, {}, {0}, 1000, line_shift};
        const StreamPositions positions(segment, 1);
        for (uint64_t at = 0; at < 10; ++at) {
          uint64_t stay = 1;
          while (positions.line_of(0, at + stay) == positions.line_of(0, at)) {
            ++stay;
          }
          ASSERT_EQ(positions.stay(0, at), stay)
              << "line of " << line_bytes << " stride " << stride << " iteration " << at;
        }
      }
    }
  }
}

TEST(StreamPositions, EveryUseHasATimeOfItsOwnInProgramOrder) {
  const Segment segment{{slow_stream(0, 4), slow_stream(64, 0), slow_stream(0, 8)}, {}, {}, 9, 6};
  const StreamPositions positions(segment, 100);
  UseTime time = 100;
  for (uint64_t at = 0; at < 9; ++at) {
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(positions.time_of(i, at), time++);
    }
  }
  EXPECT_EQ(positions.last_use(0, 7), 100u + 7 * 3 + 2);  // the third stream is at byte 56
  EXPECT_EQ(positions.last_use(0, 8), 100u + 8 * 3 + 0);  // and now it is on the next line,
  EXPECT_EQ(positions.last_use(1, 8), 100u + 8 * 3 + 2);  // where it is later than the second
}

}  // namespace
}  // namespace wattgrind
