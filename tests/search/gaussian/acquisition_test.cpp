#include "search/gaussian/acquisition.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wattgrind {
namespace {

// The integral of (incumbent - y)+ under N(mean, variance), by the midpoint rule.
double integrated_improvement(const Prediction& prediction, double incumbent) {
  const double deviation = std::sqrt(prediction.variance), step = 1e-4;
  double sum = 0;
  for (double z = -12; z < 12; z += step) {
    const double y = prediction.mean + (z + step / 2) * deviation;
    const double density = std::exp(-0.5 * (z + step / 2) * (z + step / 2)) / std::sqrt(2 * M_PI);
    if (y < incumbent) sum += (incumbent - y) * density * step;
  }
  return std::log(sum);
}

TEST(ExpectedImprovement, IsTheIntegral) {
  for (const Prediction& p : {Prediction{0, 1}, Prediction{2, 0.25}, Prediction{-1, 4}}) {
    EXPECT_NEAR(log_expected_improvement(p, 0.3), integrated_improvement(p, 0.3), 1e-5);
  }
}

TEST(ExpectedImprovement, HasNoStepWhereItsFormulaChanges) {
  const double above = log_expected_improvement({7.999, 1}, 0);
  const double below = log_expected_improvement({8.001, 1}, 0);
  const double slope = log_expected_improvement({7.997, 1}, 0) - above;
  EXPECT_NEAR(above - below, slope, 3e-4);
}

TEST(ExpectedImprovement, StaysFiniteWhereTheAmountUnderflows) {
  const double far = log_expected_improvement({100, 1}, 0);
  EXPECT_TRUE(std::isfinite(far));
  EXPECT_LT(log_expected_improvement({101, 1}, 0), far);
  EXPECT_TRUE(std::isfinite(log_expected_improvement({1, 0}, 0)));
}

TEST(OptimisticValue, GrowsWithDoubtAndFallsWithTheMean) {
  EXPECT_DOUBLE_EQ(optimistic_value({1, 4}, 2), 3);
  EXPECT_DOUBLE_EQ(optimistic_value({2, 4}, 2), 2);
}

TEST(LogProbabilityBelow, IsThatOfANormalToTheFarTail) {
  EXPECT_NEAR(log_probability_below({1, 4}, 1), std::log(0.5), 1e-12);
  EXPECT_NEAR(log_probability_below({0, 1}, -1.959963984540054), std::log(0.025), 1e-12);
  EXPECT_NEAR(log_probability_below({0, 1}, 40), 0, 1e-12);
  // log Phi(-40), from its asymptotic series in 60 digits.
  EXPECT_NEAR(log_probability_below({0, 1}, -40), -804.608442013754, 1e-3);
  EXPECT_NEAR(log_probability_below({0, 1}, -30.0001), log_probability_below({0, 1}, -29.9999),
              0.01);
}

}  // namespace
}  // namespace wattgrind
