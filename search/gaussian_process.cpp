#include "search/gaussian_process.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "estimator/error.h"

namespace wattgrind {
namespace {

// Relative to the prior variance: keeps the factor real where points nearly coincide.
constexpr double kJitter = 1e-8;

}  // namespace

GaussianProcess::GaussianProcess(const Covariance& covariance, CovarianceParameters parameters)
    : covariance_(covariance), parameters_(std::move(parameters)) {}

void GaussianProcess::truncate(Eigen::Index size) { size_ = std::min(size_, size); }

void GaussianProcess::append(std::span<const double> point) {
  if (size_ == points_.rows()) {
    const Eigen::Index room = std::max<Eigen::Index>(32, 2 * size_);
    points_.conservativeResize(room, covariance_.dimensions());
    factor_.conservativeResize(room, room);
  }
  if (size_ > 0) {
    Eigen::VectorXd row = covariances(point);
    factor_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>().solveInPlace(row);
    factor_.row(size_).head(size_) = row.transpose();
  }
  const double prior = parameters_.variance();
  const double left =
      prior + parameters_.noise_variance - factor_.row(size_).head(size_).squaredNorm();
  factor_(size_, size_) = std::sqrt(std::max(left, 0.0) + kJitter * prior);
  points_.row(size_) =
      Eigen::Map<const Eigen::RowVectorXd>(point.data(), static_cast<Eigen::Index>(point.size()));
  ++size_;
}

void GaussianProcess::set_values(const Eigen::Ref<const Eigen::VectorXd>& values) {
  CHECK(values.size() == size_, "{} values, {} points", values.size(), size_);
  const auto factor = factor_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>();
  weights_ = values;
  factor.solveInPlace(weights_);
  factor.transpose().solveInPlace(weights_);
}

Eigen::VectorXd GaussianProcess::covariances(std::span<const double> x) const {
  return covariance_.between(parameters_, points_.topRows(size_), x);
}

double GaussianProcess::variance(const Eigen::VectorXd& covariances) const {
  Eigen::VectorXd solved = covariances;
  factor_.topLeftCorner(size_, size_).triangularView<Eigen::Lower>().solveInPlace(solved);
  return std::max(parameters_.variance() - solved.squaredNorm(), 0.0);
}

double GaussianProcess::variance_bound(const Eigen::VectorXd& covariances) const {
  const double prior = parameters_.variance();
  const double nearest = covariances.maxCoeff();
  return prior - nearest * nearest / (prior * (1 + kJitter) + parameters_.noise_variance);
}

Prediction GaussianProcess::predict(std::span<const double> x) const {
  const Eigen::VectorXd k = covariances(x);
  return {mean(k), variance(k)};
}

}  // namespace wattgrind
