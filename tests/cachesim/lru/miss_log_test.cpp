#include "cachesim/lru/miss_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace wattgrind {
namespace {

FirstLevelMiss miss(uint32_t line) {
  FirstLevelMiss miss;
  miss.line = line;
  return miss;
}

std::vector<uint32_t> lines(std::span<const FirstLevelMiss> misses) {
  std::vector<uint32_t> lines;
  for (const FirstLevelMiss& miss : misses) {
    lines.push_back(miss.line);
  }
  return lines;
}

using Lines = std::vector<uint32_t>;

TEST(MissLog, ForgetsWhatWasPassedOn) {
  MissLog log;
  log.append(miss(3));
  log.append(miss(5));
  EXPECT_EQ(lines(log.waiting()), (Lines{3, 5}));
  log.settle();
  EXPECT_EQ(log.misses().size(), 0u);
  log.append(miss(8));
  EXPECT_EQ(lines(log.waiting()), (Lines{8}));
}

TEST(MissLog, KeepsWhatWasPassedOnWhileItIsTold) {
  MissLog log;
  log.keep();
  log.append(miss(3));
  log.settle();
  log.room()[0] = miss(4);
  log.append_written(1);
  EXPECT_EQ(lines(log.waiting()), (Lines{4}));
  log.settle();
  EXPECT_TRUE(log.keeps_all());
  EXPECT_EQ(lines(log.misses()), (Lines{3, 4}));
  log.keep();
  EXPECT_EQ(log.misses().size(), 0u);
  log.append(miss(6));
  log.settle();
  log.stop_keeping();
  EXPECT_FALSE(log.keeps_all());
  EXPECT_EQ(log.misses().size(), 0u);
}

TEST(MissLog, HasRoomAfterEachSettlingHoweverMuchItKeeps) {
  MissLog log;
  log.keep();
  for (uint32_t line = 0; line < 10'000; ++line) {
    ASSERT_FALSE(log.is_full()) << line;
    log.append(miss(line));
    if (log.is_full()) {
      log.settle();
    }
  }
  ASSERT_EQ(log.misses().size(), 10'000u);
  for (uint32_t line = 0; line < 10'000; ++line) {
    ASSERT_EQ(log.misses()[line].line, line);
  }
}

}  // namespace
}  // namespace wattgrind
