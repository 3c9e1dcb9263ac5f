#include "estimator/fit/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace wattgrind {
namespace {

const FitTarget kTarget{"weight", "g"};

FeatureTable table_with_noise(uint64_t seed, size_t samples, double noise) {
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1.0p-53; };
  FeatureTable table{kTarget, {{"a", "J"}}, {}};
  for (size_t i = 0; i < samples; ++i) {
    const double value = 1 + uniform();
    // A sum of twelve uniforms is about normal.
    double normal = -6;
    for (int j = 0; j < 12; ++j) normal += uniform();
    table.samples.push_back({"w" + std::to_string(i), {value}, value * 3 * (1 + noise * normal)});
  }
  return table;
}

TEST(Bootstrap, TheSeedDecides) {
  const FeatureTable table = table_with_noise(1, 10, 0.1);
  const auto folds = workload_folds(table);
  const auto first = bootstrap_coefficients(table, folds, {0}, {}, {200, 1});
  const auto again = bootstrap_coefficients(table, folds, {0}, {}, {200, 1});
  const auto other = bootstrap_coefficients(table, folds, {0}, {}, {200, 2});
  EXPECT_EQ(first[0].low, again[0].low);
  EXPECT_EQ(first[0].high, again[0].high);
  EXPECT_NE(first[0].low, other[0].low);
}

TEST(Bootstrap, ExactReadingsLeaveNoDoubt) {
  const FeatureTable table = table_with_noise(1, 10, 0);
  const auto interval = bootstrap_coefficients(table, workload_folds(table), {0}, {}, {100, 1});
  EXPECT_NEAR(interval[0].low, 3, 1e-12);
  EXPECT_NEAR(interval[0].high, 3, 1e-12);
}

// Of equal values the coefficient is the mean price, whose 2.5 and 97.5 % quantiles lie 1.96
// standard errors to each side.
TEST(Bootstrap, AMeansIntervalIsTheNormalOne) {
  FeatureTable table{kTarget, {{"a", "J"}}, {}};
  constexpr int kWorkloads = 100;
  double squares = 0;
  for (int i = 0; i < kWorkloads; ++i) {
    const double deviation = (i - (kWorkloads - 1) / 2.0) / kWorkloads;
    table.samples.push_back({"w" + std::to_string(i), {1}, 3 + deviation});
    squares += deviation * deviation;
  }
  const double standard_error = std::sqrt(squares) / kWorkloads;
  const auto interval = bootstrap_coefficients(table, workload_folds(table), {0}, {}, {4000, 1});
  EXPECT_NEAR((3 - interval[0].low) / standard_error, 1.96, 0.12);
  EXPECT_NEAR((interval[0].high - 3) / standard_error, 1.96, 0.12);
}

TEST(Bootstrap, IntervalsHoldTheTruthAboutAsOftenAsTheySay) {
  int held = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const FeatureTable table = table_with_noise(seed, 30, 0.1);
    const auto interval = bootstrap_coefficients(table, workload_folds(table), {0}, {}, {300, 1});
    held += interval[0].low <= 3 && 3 <= interval[0].high;
  }
  // 95 % of 200 is 190; percentile intervals of 30 readings are a little narrow.
  EXPECT_GE(held, 178);
  EXPECT_LE(held, 199);
}

}  // namespace
}  // namespace wattgrind
