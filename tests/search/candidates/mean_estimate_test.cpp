#include "search/candidates/mean_estimate.h"

#include <gtest/gtest.h>

#include <vector>

namespace wattgrind {
namespace {

// Student's t at 97.5 % is 4.3027 for two degrees of freedom, as any table has it.
TEST(MeanEstimate, HasStudentsInterval) {
  const MeanEstimate estimate = estimate_mean(std::vector<double>{1, 2, 3});
  EXPECT_DOUBLE_EQ(estimate.mean, 2);
  EXPECT_DOUBLE_EQ(estimate.variance.value(), 1.0 / 3);
  EXPECT_NEAR(estimate.half_width.value(), 4.3027 * 0.57735, 1e-4);
}

TEST(MeanEstimate, OneValueTellsNoInterval) {
  const MeanEstimate estimate = estimate_mean(std::vector<double>{0.5});
  EXPECT_EQ(estimate.mean, 0.5);
  EXPECT_FALSE(estimate.variance);
  EXPECT_FALSE(estimate.half_width);
}

}  // namespace
}  // namespace wattgrind
