// A Gaussian process over a search space (Rasmussen and Williams 2006, algorithm 2.1), grown one
// observation at a time.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "search/gaussian/covariance.h"
#include "search/gaussian/matrix_kernels.h"

namespace wattgrind {

class GaussianProcess {
 public:
  GaussianProcess(const Covariance& covariance, CovarianceParameters parameters);

  Eigen::Index size() const { return size_; }

  // Forgets all but the first `size` points.
  void truncate(Eigen::Index size);
  // O(size^2). The result depends on the points and their order alone, to the last bit. The value
  // of this point has `own_noise` of variance beside the noise that all have.
  void append(const Point& point, double own_noise = 0);

  // Sets the values of the points, in their order. Values of mean 0 suit the prior best. O(size^2).
  void set_values(const Eigen::Ref<const Eigen::VectorXd>& values);

  // Covariances with the points, a column for each of `xs`: what the next three take.
  // O(size * dimensions) each.
  Eigen::MatrixXd covariances(std::span<const Point> xs) const;

  Eigen::VectorXd means(const Eigen::MatrixXd& covariances) const;
  // The function's variances, without the noise of observations. Each takes O(size^2).
  Eigen::VectorXd variances(const Eigen::MatrixXd& covariances) const;
  // What the variances would be if only the nearest point were known: never below variances(). Each
  // takes O(size).
  Eigen::VectorXd variance_bounds(const Eigen::MatrixXd& covariances) const;

 private:
  MatrixView inverse_factor() const;
  // The inverse factor times `values`, padded with zeros for kernels; and its transpose times that:
  // the covariance's inverse times `values`.
  Eigen::VectorXd whitened(const Eigen::Ref<const Eigen::VectorXd>& values) const;
  Eigen::VectorXd solved(const Eigen::VectorXd& whitened) const;

  const Covariance& covariance_;
  CovarianceParameters parameters_;
  Eigen::MatrixXd points_;  // a point a row; rows beyond size_ are room to grow
  // Inverse of the lower Cholesky factor of the points' covariance with noise: products are faster
  // than substitutions. 0 beyond size_ and above the diagonal.
  Eigen::MatrixXd inverse_factor_;
  std::vector<double> own_noise_;  // of the points' values, as append() got it
  Eigen::VectorXd weights_;
  Eigen::Index size_ = 0;
};

}  // namespace wattgrind
