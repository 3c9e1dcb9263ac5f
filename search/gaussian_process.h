// A Gaussian process over a search space (Rasmussen and Williams 2006, algorithm 2.1), grown one
// observation at a time.
#pragma once

#include <Eigen/Core>
#include <span>

#include "search/covariance.h"

namespace wattgrind {

struct Prediction {
  double mean = 0;
  double variance = 0;  // of the function, noise left out
};

class GaussianProcess {
 public:
  GaussianProcess(const Covariance& covariance, CovarianceParameters parameters);

  Eigen::Index size() const { return size_; }

  // Forgets all but the first `size` points.
  void truncate(Eigen::Index size);
  // O(size^2). The result depends on the points and their order alone, to the last bit.
  void append(std::span<const double> point);

  // Values of the points, in their order; scaled to mean 0 they suit the prior best. O(size^2).
  void set_values(const Eigen::Ref<const Eigen::VectorXd>& values);

  // Covariances with the points; what the next three take. O(size * dimensions).
  Eigen::VectorXd covariances(std::span<const double> x) const;

  double mean(const Eigen::VectorXd& covariances) const { return covariances.dot(weights_); }
  // O(size^2).
  double variance(const Eigen::VectorXd& covariances) const;
  // Never below variance(): as if the nearest point alone were known. O(size).
  double variance_bound(const Eigen::VectorXd& covariances) const;

  Prediction predict(std::span<const double> x) const;

 private:
  const Covariance& covariance_;
  CovarianceParameters parameters_;
  Eigen::MatrixXd points_;  // a point a row; rows beyond size_ are room to grow
  Eigen::MatrixXd factor_;  // lower Cholesky factor of the points' covariance with noise
  Eigen::VectorXd weights_;
  Eigen::Index size_ = 0;
};

}  // namespace wattgrind
