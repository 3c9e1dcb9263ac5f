#include "search/samplers/parzen_estimator.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wattgrind {
namespace {

// Reference values: the mixtures written out by hand from hyperopt's rules, evaluated with Python's
// statistics.NormalDist.
TEST(ParzenEstimator, OfOneObservationHalvesTheBandwidth) {
  // N(0.5, 1) and N(0.7, 0.5), even weights.
  EXPECT_NEAR(ParzenEstimator(std::vector<double>{0.7}).log_density(0.3), -0.057552955648734604,
              1e-12);
}

TEST(ParzenEstimator, TakesTheLargerGapWithinBounds) {
  // Means .2 .21 .25 .5 (the prior) .6 .9; deviations 1/7 1/7 1/4 1 0.3 0.3: 1/7 is the least.
  const ParzenEstimator estimator(std::vector<double>{0.2, 0.9, 0.25, 0.6, 0.21});
  EXPECT_NEAR(estimator.log_density(0.3), 0.48069132379982843, 1e-12);
  EXPECT_NEAR(estimator.log_probability(0.125, 0.375), -0.8948400379065953, 1e-12);
  EXPECT_NEAR(estimator.log_probability(0.875, 1.125), -2.7192557058807796, 1e-12)
      << "cut to [0, 1]";
}

TEST(ParzenEstimator, DrawsFromItsDensity) {
  const ParzenEstimator estimator(std::vector<double>{0.1, 0.15, 0.12, 0.8});
  Random random(5);
  const int n = 50000;
  int below = 0;
  for (int i = 0; i < n; ++i) {
    const double x = estimator.draw(random);
    ASSERT_GE(x, 0);
    ASSERT_LT(x, 1);
    below += x < 0.3;
  }
  EXPECT_NEAR(below, n * std::exp(estimator.log_probability(0, 0.3)), 400);
}

TEST(ForgettingWeights, RampUpToTheNewest25) {
  EXPECT_EQ(forgetting_weights(3), (std::vector<double>{1, 1, 1}));
  const std::vector<double> weights = forgetting_weights(28);
  ASSERT_EQ(weights.size(), 28u);
  EXPECT_DOUBLE_EQ(weights[0], 1.0 / 28);
  EXPECT_DOUBLE_EQ(weights[1], (1 + 1.0 / 28) / 2);
  EXPECT_DOUBLE_EQ(weights[2], 1);
  EXPECT_DOUBLE_EQ(weights[27], 1);
  EXPECT_DOUBLE_EQ(forgetting_weights(26)[0], 1.0 / 26);
}

}  // namespace
}  // namespace wattgrind
