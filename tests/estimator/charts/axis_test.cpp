#include "estimator/charts/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wattgrind {
namespace {

using testing::DoubleNear;
using testing::Pointwise;

TEST(RoundTicks, AreMultiplesOfOneTwoOrFive) {
  EXPECT_THAT(round_ticks(0, 2.35, 6),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5}));
  EXPECT_THAT(round_ticks(-11, 13, 6),
              Pointwise(DoubleNear(1e-12), std::vector<double>{-15, -10, -5, 0, 5, 10, 15}));
  EXPECT_THAT(round_ticks(0.1, 0.3, 3),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_THAT(round_ticks(0, 1e-7, 3),
              Pointwise(DoubleNear(1e-20), std::vector<double>{0, 5e-8, 1e-7}));
}

TEST(RoundTicks, HoldTheRangeForAnySize) {
  for (double low = -3; low < 3; low += 0.37) {
    for (double size = 1e-9; size < 1e12; size *= 7.3) {
      const double high = low * size + size;
      const auto ticks = round_ticks(low * size, high, 6);
      ASSERT_LE(ticks.front(), low * size + 1e-6 * size);
      ASSERT_GE(ticks.back(), high - 1e-6 * size);
      ASSERT_GE(ticks.size(), 4u);
      ASSERT_LE(ticks.size(), 10u);
    }
  }
}

TEST(RoundTicks, OneValueHasRoomAroundIt) {
  for (const double value : {0.0, 5.0, -1e-9}) {
    const auto ticks = round_ticks(value, value, 6);
    EXPECT_LT(ticks.front(), value);
    EXPECT_GT(ticks.back(), value);
  }
}

TEST(LogTicks, ArePowersOfTenOrOneTwoFiveOfThem) {
  EXPECT_THAT(log_ticks(1, 1e5),
              Pointwise(DoubleNear(1e-6), std::vector<double>{1, 10, 100, 1e3, 1e4, 1e5}));
  EXPECT_THAT(log_ticks(3, 30), Pointwise(DoubleNear(1e-9), std::vector<double>{2, 5, 10, 20, 50}));
}

TEST(LogTicks, HoldTheRangeForAnySize) {
  for (double low = 1e-12; low < 1e9; low *= 3.7) {
    for (double factor = 1; factor < 1e15; factor *= 5.3) {
      const auto ticks = log_ticks(low, low * factor);
      ASSERT_LE(ticks.front(), low * (1 + 1e-6));
      ASSERT_GE(ticks.back(), low * factor * (1 - 1e-6));
      ASSERT_GE(ticks.size(), 2u);
      ASSERT_LE(ticks.size(), 12u) << low << " " << factor;
    }
  }
}

TEST(ChartAxis, ALogarithmicOneGivesEachFactorTheSameRoom) {
  const ChartAxis axis(AxisScale::kLog, 1, 1e4, 0, 400);
  EXPECT_NEAR(axis.pixel(10), 100, 1e-9);
  EXPECT_NEAR(axis.pixel(1000), 300, 1e-9);
  EXPECT_EQ(axis.text(1e6), "10\u2076");
  EXPECT_EQ(axis.text(100), "100");
}

TEST(ShownUnit, PrefixesMakeAmountsReadable) {
  EXPECT_EQ(shown_amount(0.0021, "J"), "2.1 mJ");
  EXPECT_EQ(shown_amount(1536, "B"), "1.5 KiB");
  EXPECT_EQ(shown_amount(123456789, "cycles"), "123 Mcycles");
  EXPECT_EQ(shown_amount(12.34, "%"), "12.3 %");
  EXPECT_EQ(shown_amount(0, "J"), "0 J");
  EXPECT_EQ(axis_title("energy", shown_unit(0.5, "J")), "energy (mJ)");
  EXPECT_EQ(axis_title("value", shown_unit(0.5, "")), "value");
}

}  // namespace
}  // namespace wattgrind
