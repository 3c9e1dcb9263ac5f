#include "estimator/fit/fit_quality.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace wattgrind {
namespace {

TEST(FitQuality, IsWorkedOutByHand) {
  // Errors +1, -1, 0: relative 1/2, -1/4, 0. Measured 2, 4, 6: variance sum 8.
  const FitQuality quality = fit_quality(std::array{2.0, 4.0, 6.0}, std::array{3.0, 3.0, 6.0});
  EXPECT_DOUBLE_EQ(quality.mape_percent, 25);
  EXPECT_DOUBLE_EQ(quality.rmspe_percent, 100 * std::sqrt((0.25 + 0.0625) / 3));
  EXPECT_DOUBLE_EQ(quality.r2.value(), 1 - 2.0 / 8);
  // Deviations -2, 0, 2 and -1, -1, 2: products 6, squares 8 and 6.
  EXPECT_DOUBLE_EQ(quality.r.value(), 6 / std::sqrt(48.0));
}

TEST(FitQuality, CorrelationIgnoresScaleAndR2DoesNot) {
  const FitQuality quality = fit_quality(std::array{1.0, 2.0, 3.0}, std::array{2.0, 4.0, 6.0});
  EXPECT_DOUBLE_EQ(quality.r.value(), 1);
  EXPECT_DOUBLE_EQ(quality.r2.value(), 1 - 14.0 / 2);
}

TEST(FitQuality, WhatDoesNotVaryHasNoCorrelation) {
  EXPECT_FALSE(fit_quality(std::array{2.0, 2.0}, std::array{1.0, 3.0}).r);
  EXPECT_FALSE(fit_quality(std::array{2.0, 2.0}, std::array{1.0, 3.0}).r2);
  const FitQuality flat = fit_quality(std::array{1.0, 3.0}, std::array{2.0, 2.0});
  EXPECT_FALSE(flat.r);
  EXPECT_DOUBLE_EQ(flat.r2.value(), 0);
}

}  // namespace
}  // namespace wattgrind
