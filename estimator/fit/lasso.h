// The Lasso is least squares in which the size of a coefficient costs something, so that few of
// them are not zero (Tibshirani 1996).
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "estimator/fit/feature_table.h"

namespace wattgrind {

struct LassoFit {
  double intercept = 0;
  Eigen::VectorXd coefficients;  // by column, in its own unit
  double penalty = 0;

  double predict(const Eigen::Ref<const Eigen::VectorXd>& values) const {
    return intercept + coefficients.dot(values);
  }
};

// What a Lasso is fitted to: a row for each sample, and how much its squared error weighs. Weights
// are positive; only their ratios matter.
struct LassoData {
  Eigen::MatrixXd columns;
  Eigen::VectorXd targets;
  Eigen::VectorXd weights;
};

// Minimises, by coordinate descent,
//   sum of w_i (y_i - intercept - sum over j of c_j x_ij)^2 / 2  +  penalty * sum of |c_j| s_j
// where the weights w add up to 1 and s_j is the weighted standard deviation of column j: columns
// are standardised. Columns that do not vary get 0.
LassoFit fit_lasso(const LassoData& data, double penalty);

// The fits for each of the penalties, which must fall. Each starts from the one before.
std::vector<LassoFit> lasso_path(const LassoData& data, std::span<const double> penalties);

// The least penalty for which every coefficient is 0.
double largest_penalty(const LassoData& data);

// `count` penalties from the largest down to 1e-6 of it, evenly on a logarithmic scale.
std::vector<double> lasso_penalties(const LassoData& data, size_t count);

// The fit to all rows by the penalty that predicts the folds best that it was not fitted to, and
// the root of the weighted mean of those squared errors. Folds hold rows; there are at least two.
struct CrossValidatedLasso {
  LassoFit fit;
  double left_out_rmse = 0;
};
CrossValidatedLasso cross_validated_lasso(const LassoData& data, std::span<const Fold> folds,
                                          size_t penalties = 25);

}  // namespace wattgrind
