#include "estimator/fit/lasso.h"

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLeastPenalty = 1e-6;  // of the largest
constexpr double kTolerance = 1e-7;     // of the target's deviation: a step that changes no more
constexpr int kMostSweeps = 1000;

// The problem with columns and targets that have mean 0 and deviation 1.
struct Standardised {
  VectorXd means, deviations;  // by column
  double target_mean = 0, target_deviation = 0;
  MatrixXd gram;         // Z' W Z
  VectorXd correlation;  // Z' W y

  explicit Standardised(const LassoData& data) {
    CHECK(data.columns.rows() == data.targets.size() && data.targets.size() == data.weights.size(),
          "{} rows, {} targets, {} weights", data.columns.rows(), data.targets.size(),
          data.weights.size());
    const VectorXd weights = data.weights / data.weights.sum();
    means = data.columns.transpose() * weights;
    target_mean = data.targets.dot(weights);
    MatrixXd z = data.columns.rowwise() - means.transpose();
    deviations = (z.array().square().colwise() * weights.array()).colwise().sum().sqrt();
    const VectorXd target = data.targets.array() - target_mean;
    target_deviation = std::sqrt((target.array().square() * weights.array()).sum());
    for (Index j = 0; j < z.cols(); ++j) {
      // What is left of a constant column is rounding.
      const bool varies = deviations(j) > 1e-12 * std::abs(means(j));
      if (!varies) deviations(j) = 0;
      z.col(j) *= varies ? 1 / deviations(j) : 0;
    }
    const MatrixXd weighted = z.array().colwise() * weights.array();
    gram = weighted.transpose() * z;
    correlation = weighted.transpose() * target;
    if (target_deviation > 0) correlation /= target_deviation;
  }

  LassoFit fit_of(const VectorXd& standard, double penalty) const {
    LassoFit fit{target_mean, VectorXd::Zero(standard.size()), penalty};
    for (Index j = 0; j < standard.size(); ++j) {
      if (deviations(j) == 0) continue;
      fit.coefficients(j) = standard(j) * target_deviation / deviations(j);
    }
    fit.intercept -= fit.coefficients.dot(means);
    return fit;
  }
};

double shrunk(double value, double by) {
  return value > by ? value - by : value < -by ? value + by : 0;
}

// Coordinate descent (Friedman, Hastie and Tibshirani 2010): each sweep over all columns is
// followed by sweeps over those alone that are not zero.
class CoordinateDescent {
 public:
  explicit CoordinateDescent(const Standardised& problem)
      : problem_(problem),
        solution_(VectorXd::Zero(problem.correlation.size())),
        gradient_(problem.correlation) {}

  const VectorXd& solve(double penalty) {
    for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
      if (largest_step(penalty, false) < kTolerance) break;
      while (++sweep < kMostSweeps && largest_step(penalty, true) >= kTolerance) {
      }
    }
    return solution_;
  }

 private:
  double largest_step(double penalty, bool active_only) {
    double largest = 0;
    for (Index j = 0; j < solution_.size(); ++j) {
      if (active_only && solution_(j) == 0) continue;
      if (problem_.gram(j, j) == 0) continue;
      const double before = solution_(j);
      const double after = shrunk(gradient_(j) + before, penalty);
      if (after == before) continue;
      gradient_ -= (after - before) * problem_.gram.col(j);
      solution_(j) = after;
      largest = std::max(largest, std::abs(after - before));
    }
    return largest;
  }

  const Standardised& problem_;
  VectorXd solution_;
  VectorXd gradient_;  // correlation of what is left with each column
};

LassoData rows_of(const LassoData& data, const std::vector<size_t>& rows) {
  const auto count = static_cast<Index>(rows.size());
  LassoData part{MatrixXd(count, data.columns.cols()), VectorXd(count), VectorXd(count)};
  for (Index i = 0; i < count; ++i) {
    const auto row = static_cast<Index>(rows[static_cast<size_t>(i)]);
    part.columns.row(i) = data.columns.row(row);
    part.targets(i) = data.targets(row);
    part.weights(i) = data.weights(row);
  }
  return part;
}

std::vector<size_t> rows_without(std::span<const Fold> folds, size_t left_out) {
  std::vector<size_t> rows;
  for (size_t i = 0; i < folds.size(); ++i) {
    if (i != left_out) rows.insert(rows.end(), folds[i].begin(), folds[i].end());
  }
  return rows;
}

}  // namespace

std::vector<LassoFit> lasso_path(const LassoData& data, std::span<const double> penalties) {
  const Standardised problem(data);
  CoordinateDescent descent(problem);
  std::vector<LassoFit> fits;
  for (const double penalty : penalties) {
    const double standard =
        problem.target_deviation > 0 ? penalty / problem.target_deviation : penalty;
    fits.push_back(problem.fit_of(descent.solve(standard), penalty));
  }
  return fits;
}

LassoFit fit_lasso(const LassoData& data, double penalty) {
  const double penalties[] = {penalty};
  return lasso_path(data, penalties).front();
}

double largest_penalty(const LassoData& data) {
  const Standardised problem(data);
  return problem.correlation.cwiseAbs().maxCoeff() * problem.target_deviation;
}

std::vector<double> lasso_penalties(const LassoData& data, size_t count) {
  const double largest = largest_penalty(data);
  std::vector<double> penalties;
  for (size_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    penalties.push_back(largest * std::pow(kLeastPenalty, share));
  }
  return penalties;
}

CrossValidatedLasso cross_validated_lasso(const LassoData& data, std::span<const Fold> folds,
                                          size_t penalties) {
  CHECK(folds.size() >= 2, "{} folds", folds.size());
  const std::vector<double> path = lasso_penalties(data, penalties);
  std::vector<double> squares(path.size(), 0);
  double weights = 0;
  for (size_t i = 0; i < folds.size(); ++i) {
    const std::vector<LassoFit> fits = lasso_path(rows_of(data, rows_without(folds, i)), path);
    for (const size_t sample : folds[i]) {
      const auto row = static_cast<Index>(sample);
      weights += data.weights(row);
      for (size_t p = 0; p < path.size(); ++p) {
        const double error = fits[p].predict(data.columns.row(row).transpose()) - data.targets(row);
        squares[p] += data.weights(row) * error * error;
      }
    }
  }
  const auto best = std::min_element(squares.begin(), squares.end());
  const auto length = static_cast<size_t>(best - squares.begin()) + 1;
  const auto fits = lasso_path(data, std::span(path).first(length));
  return {fits.back(), std::sqrt(*best / weights)};
}

}  // namespace wattgrind
