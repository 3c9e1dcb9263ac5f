#include "estimator/calibration/line_interval.h"

#include <gtest/gtest.h>

#include <vector>

namespace wattgrind {
namespace {

// What scipy 1.10.1's linregress gives, its standard errors times t(0.975, 4) = 2.776445.
TEST(LineInterval, AgreesWithScipy) {
  const std::vector<double> xs = {1, 2, 4, 7, 8, 11}, ys = {2.1, 3.7, 8.4, 13.6, 16.5, 21.4};
  const auto line = line_with_intervals(xs, ys);
  ASSERT_TRUE(line);
  EXPECT_NEAR(line->slope, 1.9639455782312922, 1e-9);
  EXPECT_NEAR(line->intercept, 0.14829931972789012, 1e-9);
  EXPECT_NEAR(line->slope_95.high - line->slope, 0.15526760360211256, 1e-6);
  EXPECT_NEAR(line->intercept - line->intercept_95.low, 1.0122209348529436, 1e-6);
  EXPECT_NEAR(line->r2, 0.9967672036203681, 1e-9);
}

TEST(LineInterval, TwoPointsOrOnePlaceTellNoInterval) {
  const std::vector<double> two = {1, 2}, same = {3, 3, 3}, ys = {1, 2, 3};
  EXPECT_FALSE(line_with_intervals(two, two));
  EXPECT_FALSE(line_with_intervals(same, ys));
}

}  // namespace
}  // namespace wattgrind
