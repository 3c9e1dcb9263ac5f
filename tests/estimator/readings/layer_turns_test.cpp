#include "estimator/readings/layer_turns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <memory>

#include "estimator/base/error.h"
#include "estimator/system/interrupt.h"
#include "tests/fake_clock.h"

namespace wattgrind {
namespace {

// Loads whose repetitions take a time that is known, longer from cold caches; now and then somebody
// else has the machine.
class TurnBench {
 public:
  TurnLoad load(const std::string& workload, double warm_s, double cold_s) {
    auto is_cold = std::make_shared<bool>(true);
    return {workload, 3,
            [this, is_cold, warm_s, cold_s] {
              clock.advance(*is_cold ? cold_s : warm_s);
              *is_cold = false;
              if (++repetitions % 701 == 0) clock.advance(disturbance_s);
              if (repetitions == stop_after) raise(SIGINT);
            },
            [this, is_cold] {
              clock.advance(1e-3);
              *is_cold = true;
            }};
  }

  FakeClock clock;
  double disturbance_s = 0;
  uint64_t repetitions = 0, stop_after = 0;
};

TEST(LayerTurns, TellWarmFromCold) {
  TurnBench bench;
  const std::vector<Reading> readings =
      time_in_turns({bench.load("a", 2e-6, 5e-6), bench.load("b", 3e-3, 4e-3)}, bench.clock, {});
  ASSERT_EQ(readings.size(), 4u);
  const double seconds[] = {2e-6, 5e-6, 3e-3, 4e-3};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(readings[i].workload, i < 2 ? "a" : "b");
    EXPECT_EQ(readings[i].batch, 3u);
    EXPECT_EQ(readings[i].caches, i % 2 == 0 ? CacheWarmth::kWarm : CacheWarmth::kCold);
    EXPECT_NEAR(*readings[i].seconds(), seconds[i], 1e-3 * seconds[i]) << i;
    EXPECT_FALSE(readings[i].energy_j);
    EXPECT_LT(*readings[i].relative_error, 0.02);
  }
}

TEST(LayerTurns, OneStateAloneMayBeAskedFor) {
  TurnBench bench;
  TurnOptions options;
  options.caches = {CacheWarmth::kCold};
  const auto readings = time_in_turns({bench.load("a", 1e-4, 3e-4)}, bench.clock, options);
  ASSERT_EQ(readings.size(), 1u);
  EXPECT_NEAR(*readings[0].seconds(), 3e-4, 1e-9);
}

TEST(LayerTurns, SomebodyElsesTurnIsNoPartOfTheMedian) {
  TurnBench bench;
  bench.disturbance_s = 0.05;
  const auto readings = time_in_turns({bench.load("a", 1e-4, 1e-4)}, bench.clock, {});
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_NEAR(*readings[0].seconds(), 1e-4, 1e-9);
}

TEST(LayerTurns, TimeIsLimited) {
  TurnBench bench;
  TurnOptions options;
  options.time_limit_s = 2;
  const auto readings = time_in_turns({bench.load("slow", 1.5, 1.5)}, bench.clock, options);
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].repetitions, 2u);
}

// A clock whose every reading takes a microsecond.
class SlowClock : public FakeClock {
 public:
  double now_s() const override {
    const_cast<SlowClock*>(this)->advance(1e-6);
    return FakeClock::now_s();
  }
};

TEST(LayerTurns, WhatIsShorterThanTheClockHasNoReadingFromColdCaches) {
  SlowClock clock;
  const auto load = [&](double seconds) {
    return TurnLoad{"a", 1, [&clock, seconds] { clock.advance(seconds); }, [] {}};
  };
  EXPECT_EQ(time_in_turns({load(5e-7)}, clock, {}).size(), 1u);
  const auto readings = time_in_turns({load(5e-6)}, clock, {});
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_NEAR(*readings[1].seconds(), 5e-6, 1e-9);
}

TEST(LayerTurns, ASignalLeavesOutWhatIsNotWhole) {
  const InterruptGuard guard;
  TurnBench bench;
  bench.stop_after = 3;
  EXPECT_TRUE(time_in_turns({bench.load("a", 1e-3, 1e-3)}, bench.clock, {}).empty());
}

// Of 1, 2, 3, 4 and 100 the median is 3 and deviations are 2, 1, 0, 1, 97: their median is 1.
TEST(LayerTurns, TheErrorOfAMedianIgnoresWhatIsFarOff) {
  EXPECT_NEAR(median_relative_error({100, 1, 3, 2, 4}), 1.2533 * 1.4826 / std::sqrt(5) / 3, 1e-12);
  EXPECT_EQ(median_relative_error({7, 7}), 0);
}

}  // namespace
}  // namespace wattgrind
