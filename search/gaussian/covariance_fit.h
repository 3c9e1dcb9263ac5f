// Fitting a covariance to observations.
#pragma once

#include <Eigen/Core>

#include "search/gaussian/covariance.h"

namespace wattgrind {

// The parameters that are the likeliest before anything is observed.
CovarianceParameters prior_parameters(Eigen::Index dimensions, bool noisy);

// The parameters that make `values` (mean 0, variance 1; one a row of `points`) most probable,
// weighed by log-normal priors about prior_parameters() (maximum a posteriori), found from `start`
// in `iterations` steps of Rprop (Riedmiller and Braun 1993) on the logarithms.
// O(iterations * n^2 * (n + dimensions)). `own_noise` is what each value has of variance beside the
// noise that all have; empty where none has any.
CovarianceParameters fit_covariance(const Covariance& covariance,
                                    const Eigen::Ref<const Eigen::MatrixXd>& points,
                                    const Eigen::Ref<const Eigen::VectorXd>& values, bool noisy,
                                    const CovarianceParameters& start, int iterations,
                                    const Eigen::VectorXd& own_noise = {});

// Logarithm of the posterior density that fit_covariance climbs (up to a constant), and its
// gradient by the logarithms of the parameters in the order additive lengths, joint lengths,
// additive variance, joint variance, noise variance.
struct Posterior {
  double log_density = 0;
  Eigen::ArrayXd gradient;
};
Posterior covariance_posterior(const Covariance& covariance,
                               const Eigen::Ref<const Eigen::MatrixXd>& points,
                               const Eigen::Ref<const Eigen::VectorXd>& values, bool noisy,
                               const CovarianceParameters& parameters);

}  // namespace wattgrind
