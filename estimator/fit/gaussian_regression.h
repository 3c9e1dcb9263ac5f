// Regression by a Gaussian process (Rasmussen and Williams 2006): the value at a point is drawn
// towards those of points like it, and towards 0 where there are none.
//
// Two values are taken to be alike by Matern's covariance of order 3/2, as functions are that have
// a slope, with a length for each dimension: v (1 + sqrt(3) r) exp(-sqrt(3) r), where r is the
// distance of the points in lengths. The lengths, the variance v and the noise of a reading are
// those that make the values most probable, weighed by log-normal priors, found by Rprop
// (Riedmiller and Braun 1993). A dimension that explains nothing gets a great length.
#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace wattgrind {

struct GaussianFitOptions {
  int iterations = 60;
  // The lengths are found from at most this many points, drawn by the seed: it takes the third
  // power of their number. All points then make the prediction.
  Eigen::Index points_for_lengths = 300;
  uint64_t seed = 1;
};

// Holds all that a prediction takes, for whoever wants to keep it.
struct GaussianRegression {
  Eigen::RowVectorXd centre, scale;  // by dimension: points are taken as (x - centre) / scale
  Eigen::RowVectorXd lengths;        // in units of scale
  double variance = 1;
  double noise = 0;
  Eigen::MatrixXd points;   // one a row, as they were given
  Eigen::VectorXd weights;  // of each point's covariance in the mean

  double predict(const Eigen::RowVectorXd& point) const;
};

// Each row of `points` is where a value was seen. There must be at least one; all are finite.
GaussianRegression fit_gaussian_regression(const Eigen::MatrixXd& points,
                                           const Eigen::VectorXd& values,
                                           const GaussianFitOptions& options = {});

// The logarithm of the probability of `values` (up to a constant), without the priors, and its
// gradient by the logarithms of the lengths, of the variance and of the noise, in this order.
struct GaussianLikelihood {
  double log_density = 0;
  Eigen::VectorXd gradient;
};
GaussianLikelihood gaussian_likelihood(const Eigen::MatrixXd& points, const Eigen::VectorXd& values,
                                       const Eigen::VectorXd& logarithms);

}  // namespace wattgrind
