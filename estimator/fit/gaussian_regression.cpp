#include "estimator/fit/gaussian_regression.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/random.h"

namespace wattgrind {
namespace {

using Eigen::ArrayXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::RowVectorXd;
using Eigen::VectorXd;

const double kRoot3 = std::sqrt(3.0);
// Log-normal priors: the mean and the deviation of the logarithms.
constexpr double kLengthMean = 1.6, kLengthDeviation = 1.5;
constexpr double kVarianceMean = -1.5, kVarianceDeviation = 2;
constexpr double kNoiseMean = -6, kNoiseDeviation = 2;
// What is added to the noise so that points twice the same do not make the covariance singular.
constexpr double kJitter = 1e-9;

// Squared distances between rows of a and rows of b.
MatrixXd squared_distances(const MatrixXd& a, const MatrixXd& b) {
  MatrixXd squares = -2 * a * b.transpose();
  squares.colwise() += a.rowwise().squaredNorm();
  squares.rowwise() += b.rowwise().squaredNorm().transpose();
  return squares.cwiseMax(0);
}

MatrixXd standardised(const MatrixXd& points, const RowVectorXd& centre, const RowVectorXd& scale) {
  return (points.rowwise() - centre).array().rowwise() / scale.array();
}

MatrixXd matern(const MatrixXd& squares, double variance) {
  const MatrixXd r = kRoot3 * squares.cwiseSqrt();
  return variance * (1 + r.array()) * (-r.array()).exp();
}

MatrixXd in_lengths(const MatrixXd& points, const RowVectorXd& lengths) {
  return points.array().rowwise() / lengths.array();
}

VectorXd prior_means(Index dimensions) {
  VectorXd means = VectorXd::Constant(dimensions + 2, kLengthMean);
  means(dimensions) = kVarianceMean;
  means(dimensions + 1) = kNoiseMean;
  return means;
}

VectorXd prior_deviations(Index dimensions) {
  VectorXd deviations = VectorXd::Constant(dimensions + 2, kLengthDeviation);
  deviations(dimensions) = kVarianceDeviation;
  deviations(dimensions + 1) = kNoiseDeviation;
  return deviations;
}

// Climbs the posterior density by the signs of its gradient.
VectorXd most_probable(const MatrixXd& points, const VectorXd& values, int iterations) {
  const VectorXd means = prior_means(points.cols());
  const VectorXd deviations = prior_deviations(points.cols());
  VectorXd at = means, best = means;
  ArrayXd step = ArrayXd::Constant(at.size(), 0.3);
  ArrayXd before = ArrayXd::Zero(at.size());
  double best_density = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < iterations; ++i) {
    const GaussianLikelihood likelihood = gaussian_likelihood(points, values, at);
    const ArrayXd off = (at - means).array() / deviations.array();
    const double density = likelihood.log_density - off.square().sum() / 2;
    if (density > best_density) {
      best_density = density;
      best = at;
    }
    ArrayXd gradient = likelihood.gradient.array() - off / deviations.array();
    for (Index j = 0; j < at.size(); ++j) {
      const double turn = gradient(j) * before(j);
      if (turn > 0) step(j) = std::min(step(j) * 1.2, 1.0);
      if (turn < 0) {
        step(j) = std::max(step(j) / 2, 1e-4);
        gradient(j) = 0;
      }
      if (gradient(j) != 0) at(j) += gradient(j) > 0 ? step(j) : -step(j);
    }
    before = gradient;
  }
  return best;
}

// Indices of at most `most` of `count` points, drawn without replacement.
std::vector<Index> drawn(Index count, Index most, uint64_t seed) {
  std::vector<Index> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  if (count <= most) return order;
  Random random(seed);
  for (size_t i = 0; i < static_cast<size_t>(most); ++i) {
    std::swap(order[i], order[i + random.below(order.size() - i)]);
  }
  order.resize(static_cast<size_t>(most));
  return order;
}

}  // namespace

double GaussianRegression::predict(const RowVectorXd& point) const {
  const RowVectorXd from = (point - centre).array() / scale.array() / lengths.array();
  double sum = 0;
  for (Index i = 0; i < points.rows(); ++i) {
    const double r =
        kRoot3 *
        (((points.row(i) - centre).array() / scale.array() / lengths.array()).matrix() - from)
            .norm();
    sum += weights(i) * variance * (1 + r) * std::exp(-r);
  }
  return sum;
}

GaussianLikelihood gaussian_likelihood(const MatrixXd& points, const VectorXd& values,
                                       const VectorXd& logarithms) {
  const Index dimensions = points.cols();
  CHECK(logarithms.size() == dimensions + 2, "{} parameters", logarithms.size());
  const RowVectorXd lengths = logarithms.head(dimensions).array().exp().matrix().transpose();
  const double variance = std::exp(logarithms(dimensions));
  const double noise = std::exp(logarithms(dimensions + 1));
  const MatrixXd scaled = in_lengths(points, lengths);
  const MatrixXd squares = squared_distances(scaled, scaled);
  const MatrixXd covariance = matern(squares, variance);
  MatrixXd whole = covariance;
  whole.diagonal().array() += noise + kJitter;
  const Eigen::LLT<MatrixXd> factor(whole);
  const VectorXd weights = factor.solve(values);
  const MatrixXd inverse = factor.solve(MatrixXd::Identity(points.rows(), points.rows()));
  GaussianLikelihood result;
  result.log_density =
      -values.dot(weights) / 2 - factor.matrixLLT().diagonal().array().abs().log().sum();
  // The derivative by a parameter is half the sum of this times the covariance's derivative.
  const MatrixXd pull = weights * weights.transpose() - inverse;
  result.gradient.resize(dimensions + 2);
  const MatrixXd slope =
      (pull.array() * 3 * variance * (-kRoot3 * squares.array().sqrt()).exp()).matrix();
  const VectorXd sums = slope.rowwise().sum();
  for (Index d = 0; d < dimensions; ++d) {
    const VectorXd x = scaled.col(d);
    // The sum of slope_ij (x_i - x_j)^2, for a symmetric slope.
    result.gradient(d) =
        (2 * sums.dot(x.cwiseProduct(x)) - 2 * x.dot(slope.selfadjointView<Eigen::Lower>() * x)) /
        2;
  }
  result.gradient(dimensions) = (pull.array() * covariance.array()).sum() / 2;
  result.gradient(dimensions + 1) = noise * pull.trace() / 2;
  return result;
}

GaussianRegression fit_gaussian_regression(const MatrixXd& points, const VectorXd& values,
                                           const GaussianFitOptions& options) {
  CHECK(points.rows() > 0 && points.rows() == values.size(), "{} points, {} values", points.rows(),
        values.size());
  GaussianRegression result;
  result.centre = points.colwise().mean();
  result.scale = ((points.rowwise() - result.centre).array().square().colwise().mean()).sqrt();
  result.scale = (result.scale.array() > 1e-12).select(result.scale, 1);
  const MatrixXd standard = standardised(points, result.centre, result.scale);
  const std::vector<Index> some = drawn(points.rows(), options.points_for_lengths, options.seed);
  const VectorXd found =
      most_probable(standard(some, Eigen::all), values(some), options.iterations);
  result.lengths = found.head(points.cols()).array().exp().matrix().transpose();
  result.variance = std::exp(found(points.cols()));
  result.noise = std::exp(found(points.cols() + 1));
  const MatrixXd scaled = in_lengths(standard, result.lengths);
  MatrixXd covariance = matern(squared_distances(scaled, scaled), result.variance);
  covariance.diagonal().array() += result.noise + kJitter;
  result.weights = covariance.llt().solve(values);
  result.points = points;
  return result;
}

}  // namespace wattgrind
