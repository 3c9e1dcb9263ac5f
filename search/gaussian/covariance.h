// How alike a Gaussian process takes two points of a search space to be.
//
//   k(x, x') = a * mean over d of c(r_d / l_d)  +  b * c(|r / m|)
//
// with r_d the difference in parameter d, l and m length scales, c(r) = 1 / (1 + r^2 / 2) (the
// rational quadratic kernel of Rasmussen and Williams 2006, eq. 4.19, alpha = 1: heavy tails, and
// no exponentials). The first term learns what each parameter does alone, as additive models do
// (Duvenaud, Nickisch and Rasmussen 2011), the second how they interact.
//
// Two options of a choice, and an active against an inactive parameter, differ by 1; a parameter
// inactive in both points differs by nothing.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "search/gaussian/covariance_kernels.h"
#include "search/space/unit_space.h"

namespace wattgrind {

struct CovarianceParameters {
  Eigen::ArrayXd additive_lengths;  // one a parameter of the space
  Eigen::ArrayXd joint_lengths;
  double additive_variance = 0.5;
  double joint_variance = 0.5;
  double noise_variance = 0.01;

  double variance() const { return additive_variance + joint_variance; }
};

class Covariance {
 public:
  explicit Covariance(const UnitSpace& space);

  Eigen::Index dimensions() const { return static_cast<Eigen::Index>(kinds_.size()); }

  // Squared differences in parameter `d` between x and each element of `column`, into `out`.
  void squared_differences(Eigen::Index d, const Eigen::Ref<const Eigen::ArrayXd>& column, double x,
                           Eigen::Ref<Eigen::ArrayXd> out) const;

  // k(row i of points, xs[j]) at (i, j), without noise.
  Eigen::MatrixXd between(const CovarianceParameters& parameters,
                          const Eigen::Ref<const Eigen::MatrixXd>& points,
                          std::span<const Point> xs) const;

 private:
  std::vector<DifferenceKind> kinds_;
};

}  // namespace wattgrind
