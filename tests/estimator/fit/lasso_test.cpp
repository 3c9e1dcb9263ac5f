#include "estimator/fit/lasso.h"

#include <gmock/gmock.h>

#include <cmath>

#include "estimator/base/random.h"

namespace wattgrind {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

LassoData random_data(Index rows, Index columns, uint64_t seed) {
  Random random(seed);
  LassoData data{MatrixXd(rows, columns), VectorXd(rows), VectorXd(rows)};
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) {
      data.columns(i, j) = std::pow(10, static_cast<double>(j % 4)) * (2 + random.normal());
    }
    // Only two columns matter; a third is much like the first.
    data.columns(i, 2) = data.columns(i, 0) + 0.2 * random.normal();
    data.targets(i) = 3 * data.columns(i, 0) - 0.2 * data.columns(i, 1) + random.normal();
    data.weights(i) = 0.5 + random.uniform();
  }
  return data;
}

// The Karush-Kuhn-Tucker conditions of the Lasso: the weighted correlation of a column with what is
// left is the penalty times the column's deviation, with the coefficient's sign, and no more than
// that where the coefficient is 0.
TEST(Lasso, MeetsTheConditionsOfAMinimum) {
  for (const double penalty : {2.0, 0.3, 0.01, 1e-4}) {
    const LassoData data = random_data(60, 8, 3);
    const LassoFit fit = fit_lasso(data, penalty);
    const VectorXd weights = data.weights / data.weights.sum();
    const VectorXd left =
        data.targets - data.columns * fit.coefficients - VectorXd::Constant(60, fit.intercept);
    EXPECT_NEAR(left.dot(weights), 0, 1e-6);
    for (Index j = 0; j < 8; ++j) {
      const VectorXd centred = data.columns.col(j).array() - data.columns.col(j).dot(weights);
      const double deviation = std::sqrt((centred.array().square() * weights.array()).sum());
      const double pull = (centred.array() * weights.array() * left.array()).sum() / deviation;
      if (fit.coefficients(j) == 0) {
        EXPECT_LE(std::abs(pull), penalty * (1 + 1e-4)) << j;
      } else {
        const double sign = fit.coefficients(j) > 0 ? 1 : -1;
        EXPECT_NEAR(pull, sign * penalty, 1e-5 * penalty + 1e-6) << j;
      }
    }
  }
}

// What scikit-learn 1.2.1 gives: Lasso(alpha=0.1, tol=1e-12, max_iter=10**6) on columns that
// StandardScaler made, its coefficients divided by the columns' deviations.
TEST(Lasso, AgreesWithScikitLearn) {
  LassoData data{MatrixXd(8, 3), VectorXd(8), VectorXd::Ones(8)};
  data.columns << 1, 20, 3, 2, 10, 1, 3, 40, 4, 4, 30, 1, 5, 60, 5, 6, 50, 9, 7, 80, 2, 8, 70, 6;
  data.targets << 2.1, 3.9, 6.3, 7.7, 10.4, 12.9, 13.6, 16.2;
  const LassoFit fit = fit_lasso(data, 0.1);
  EXPECT_NEAR(fit.coefficients(0), 1.9003815646571907, 1e-6);
  EXPECT_NEAR(fit.coefficients(1), 0.0, 1e-6);
  EXPECT_NEAR(fit.coefficients(2), 0.14226417806322256, 1e-6);
  EXPECT_NEAR(fit.intercept, 0.03450926904765339, 1e-6);
}

TEST(Lasso, TheLargestPenaltyIsTheLeastThatLeavesNothing) {
  const LassoData data = random_data(40, 6, 5);
  const double largest = largest_penalty(data);
  EXPECT_TRUE(fit_lasso(data, largest * 1.0001).coefficients.isZero());
  EXPECT_FALSE(fit_lasso(data, largest * 0.999).coefficients.isZero());
}

TEST(Lasso, AConstantColumnGetsNothing) {
  LassoData data = random_data(40, 6, 5);
  data.columns.col(3).setConstant(0.1);
  EXPECT_EQ(fit_lasso(data, 1e-6).coefficients(3), 0);
}

// Twelve columns of noise beside two that matter: cross-validation keeps the error near the noise.
TEST(Lasso, CrossValidationFindsWhatMatters) {
  Random random(9);
  LassoData data{MatrixXd(80, 14), VectorXd(80), VectorXd::Ones(80)};
  std::vector<Fold> folds(10);
  for (Index i = 0; i < 80; ++i) {
    for (Index j = 0; j < 14; ++j) data.columns(i, j) = random.normal();
    data.targets(i) = 5 + 2 * data.columns(i, 3) - data.columns(i, 7) + 0.1 * random.normal();
    folds[static_cast<size_t>(i) % 10].push_back(static_cast<size_t>(i));
  }
  const CrossValidatedLasso chosen = cross_validated_lasso(data, folds);
  EXPECT_NEAR(chosen.fit.coefficients(3), 2, 0.05);
  EXPECT_NEAR(chosen.fit.coefficients(7), -1, 0.05);
  EXPECT_LT(chosen.left_out_rmse, 0.13);
  EXPECT_GT(chosen.left_out_rmse, 0.07);
}

}  // namespace
}  // namespace wattgrind
