// What the trials of a study tell of configurations that were not tried: a Gaussian process on
// values warped as samplers warp them (search/samplers/observations.h), for costs have long tails.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "search/gaussian/covariance.h"
#include "search/samplers/observations.h"
#include "search/space/unit_space.h"

namespace wattgrind {

class ResponseModel {
 public:
  // What was found at a point; the variance is absent where nobody knows it.
  struct Finding {
    Point point;
    double value = 0;
    std::optional<double> variance = std::nullopt;
  };
  // Fewer findings than this make no model.
  static constexpr size_t kFewest = 10;

  // The model rests on at most 256 of the findings, those with the lowest values and others spread
  // over the rest, and takes them to be noisy. `space` must outlive it.
  ResponseModel(const UnitSpace& space, const std::vector<Finding>& findings);

  struct Estimate {
    // Of the function, without noise: the median, and a deviation on the values' own scale, to
    // first order.
    double mean = 0, deviation = 0;
  };
  std::vector<double> means(std::span<const Point> points) const;
  std::vector<Estimate> estimates(std::span<const Point> points) const;

  // How likely each of the points is to have the lowest function value of them all, by 4,000 draws
  // from the joint posterior.
  std::vector<double> chances_of_lowest(std::span<const Point> points) const;

  // The part of the variance of warped findings that the model tells of each from the others
  // (leave-one-out R^2); below 0 where their mean tells more.
  double told() const { return told_; }

 private:
  Eigen::MatrixXd covariances(std::span<const Point> points) const;
  Eigen::VectorXd warped_means(const Eigen::MatrixXd& covariances) const;

  Covariance covariance_;
  CovarianceParameters parameters_;
  Eigen::MatrixXd points_;
  Eigen::LLT<Eigen::MatrixXd> factor_;
  Eigen::VectorXd weights_;
  Warp warp_;
  double told_ = 0;
};

}  // namespace wattgrind
