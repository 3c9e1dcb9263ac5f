#include "search/gaussian/covariance_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "search/gaussian/covariance_kernels.h"
#include "search/gaussian/matrix_kernels.h"

namespace wattgrind {
namespace {

constexpr double kJitter = 1e-8;

// The priors' standard deviations, in natural logarithms: a factor of e, and of e^2 for the noise.
constexpr double kLengthWidth = 1.0;
constexpr double kVarianceWidth = 1.5;
constexpr double kNoiseWidth = 2.0;

// The logarithms of the parameters, as one vector.
Eigen::ArrayXd to_logs(const CovarianceParameters& p) {
  const Eigen::Index d = p.additive_lengths.size();
  Eigen::ArrayXd logs(2 * d + 3);
  logs << p.additive_lengths.log(), p.joint_lengths.log(), std::log(p.additive_variance),
      std::log(p.joint_variance), std::log(p.noise_variance);
  return logs;
}

CovarianceParameters from_logs(const Eigen::ArrayXd& logs) {
  const Eigen::Index d = (logs.size() - 3) / 2;
  return {logs.head(d).exp(), logs.segment(d, d).exp(), std::exp(logs[2 * d]),
          std::exp(logs[2 * d + 1]), std::exp(logs[2 * d + 2])};
}

// Lengths stay between a hundredth of a parameter's range and twenty ranges, which is as good as no
// influence.
void clamp_logs(Eigen::ArrayXd& logs) {
  const Eigen::Index d = (logs.size() - 3) / 2;
  logs.head(2 * d) = logs.head(2 * d).max(std::log(0.01)).min(std::log(20.0));
  logs.segment(2 * d, 2) = logs.segment(2 * d, 2).max(std::log(1e-4)).min(std::log(100.0));
  logs[2 * d + 2] = std::clamp(logs[2 * d + 2], std::log(1e-5), 0.0);
}

// Matrices of all pairs of points, rows padded with zeros for the kernels.
Eigen::Index padded(Eigen::Index points) {
  constexpr auto kBlock = static_cast<Eigen::Index>(kRowBlock);
  return (points + kBlock - 1) / kBlock * kBlock;
}

struct Problem {
  std::vector<Eigen::ArrayXXd> squares;  // the squared differences, one matrix a dimension
  Eigen::VectorXd values;                // padded
  Eigen::Index points = 0;
  Eigen::ArrayXd prior_logs;
  Eigen::VectorXd own_noise = {};  // empty, or one a point
};

std::vector<Eigen::ArrayXXd> pair_squares(const Covariance& covariance,
                                          const Eigen::Ref<const Eigen::MatrixXd>& points) {
  const Eigen::Index n = points.rows();
  std::vector<Eigen::ArrayXXd> squares;
  for (Eigen::Index d = 0; d < covariance.dimensions(); ++d) {
    Eigen::ArrayXXd pairs = Eigen::ArrayXXd::Zero(padded(n), n);
    for (Eigen::Index i = 0; i < n; ++i) {
      covariance.squared_differences(d, points.col(d).array(), points(i, d), pairs.col(i).head(n));
    }
    squares.push_back(std::move(pairs));
  }
  return squares;
}

void add_prior(const Problem& problem, const Eigen::ArrayXd& logs, Posterior& posterior) {
  const Eigen::Index d = (logs.size() - 3) / 2;
  Eigen::ArrayXd widths(logs.size());
  widths.head(2 * d) = kLengthWidth;
  widths.segment(2 * d, 2) = kVarianceWidth;
  widths[2 * d + 2] = kNoiseWidth;
  const Eigen::ArrayXd off = (logs - problem.prior_logs) / widths;
  posterior.log_density -= 0.5 * off.square().sum();
  posterior.gradient -= off / widths;
}

// The additive and the joint covariances at some parameters, without their variances.
struct PairCovariances {
  std::vector<Eigen::ArrayXXd> alone;  // of each dimension
  std::vector<PairTerm> terms;         // these and the squares, as kernels take them
  Eigen::ArrayXXd additive, joint;

  PairCovariances(const Problem& problem, const CovarianceParameters& p)
      : alone(problem.squares.size(), Eigen::ArrayXXd(padded(problem.points), problem.points)),
        additive(padded(problem.points), problem.points),
        joint(padded(problem.points), problem.points) {
    for (size_t d = 0; d < alone.size(); ++d) {
      const auto i = static_cast<Eigen::Index>(d);
      const double l = p.additive_lengths[i], m = p.joint_lengths[i];
      terms.push_back({problem.squares[d].data(), alone[d].data(), 0.5 / (l * l), 0.5 / (m * m)});
    }
    pair_covariances(terms, static_cast<size_t>(joint.size()), additive.data(), joint.data());
  }
};

Posterior evaluate(const Problem& problem, const Eigen::ArrayXd& logs) {
  const CovarianceParameters p = from_logs(logs);
  const Eigen::Index dimensions = p.additive_lengths.size(), n = problem.points;
  const double share = p.additive_variance / static_cast<double>(dimensions);
  const PairCovariances pairs(problem, p);
  Eigen::MatrixXd k = (share * pairs.additive + p.joint_variance * pairs.joint).matrix();
  k.bottomRows(k.rows() - n).setZero();
  k.diagonal().array() += p.noise_variance + kJitter * p.variance();
  if (problem.own_noise.size() > 0) k.diagonal().head(n) += problem.own_noise;

  Posterior posterior{-std::numeric_limits<double>::infinity(), Eigen::ArrayXd::Zero(logs.size())};
  double log_determinant = 0;
  if (!invert(k.data(), static_cast<size_t>(k.rows()), static_cast<size_t>(n), log_determinant)) {
    return posterior;
  }
  const Eigen::VectorXd weights = k * problem.values.head(n);
  posterior.log_density = -0.5 * problem.values.dot(weights) - 0.5 * log_determinant;
  // d log p / d theta = 1/2 tr((w w' - K^-1) dK/dtheta), Rasmussen and Williams eq. 5.9.
  const Eigen::ArrayXXd slope = (weights * weights.head(n).transpose() - k).array();
  Eigen::ArrayXd additive_sums(dimensions), joint_sums(dimensions);
  pair_slopes(pairs.terms, slope.data(), pairs.joint.data(), static_cast<size_t>(slope.size()),
              additive_sums.data(), joint_sums.data());
  posterior.gradient.head(dimensions) = 0.5 * share * additive_sums / p.additive_lengths.square();
  posterior.gradient.segment(dimensions, dimensions) =
      0.5 * p.joint_variance * joint_sums / p.joint_lengths.square();
  posterior.gradient[2 * dimensions] = 0.5 * share * (slope * pairs.additive).sum();
  posterior.gradient[2 * dimensions + 1] = 0.5 * p.joint_variance * (slope * pairs.joint).sum();
  posterior.gradient[2 * dimensions + 2] = 0.5 * p.noise_variance * slope.matrix().trace();
  add_prior(problem, logs, posterior);
  return posterior;
}

Problem make_problem(const Covariance& covariance, const Eigen::Ref<const Eigen::MatrixXd>& points,
                     const Eigen::Ref<const Eigen::VectorXd>& values, bool noisy) {
  Eigen::VectorXd padded_values = Eigen::VectorXd::Zero(padded(points.rows()));
  padded_values.head(points.rows()) = values;
  return {pair_squares(covariance, points), std::move(padded_values), points.rows(),
          to_logs(prior_parameters(covariance.dimensions(), noisy))};
}

}  // namespace

CovarianceParameters prior_parameters(Eigen::Index dimensions, bool noisy) {
  const double spread = std::sqrt(static_cast<double>(dimensions));
  return {Eigen::ArrayXd::Constant(dimensions, 0.3),
          Eigen::ArrayXd::Constant(dimensions, 0.5 * spread), 0.5, 0.5, noisy ? 0.02 : 1e-4};
}

Posterior covariance_posterior(const Covariance& covariance,
                               const Eigen::Ref<const Eigen::MatrixXd>& points,
                               const Eigen::Ref<const Eigen::VectorXd>& values, bool noisy,
                               const CovarianceParameters& parameters) {
  return evaluate(make_problem(covariance, points, values, noisy), to_logs(parameters));
}

CovarianceParameters fit_covariance(const Covariance& covariance,
                                    const Eigen::Ref<const Eigen::MatrixXd>& points,
                                    const Eigen::Ref<const Eigen::VectorXd>& values, bool noisy,
                                    const CovarianceParameters& start, int iterations,
                                    const Eigen::VectorXd& own_noise) {
  // Rprop's constants, from the paper, but for the first step: parameters start within about e.
  constexpr double kGrow = 1.2, kShrink = 0.5, kFirstStep = 0.2, kLargestStep = 1.0;
  Problem problem = make_problem(covariance, points, values, noisy);
  problem.own_noise = own_noise;
  Eigen::ArrayXd logs = to_logs(start), best = logs;
  Eigen::ArrayXd steps = Eigen::ArrayXd::Constant(logs.size(), kFirstStep);
  Eigen::ArrayXd last = Eigen::ArrayXd::Zero(logs.size());
  double best_density = -std::numeric_limits<double>::infinity();
  for (int i = 0; i < iterations; ++i) {
    const Posterior here = evaluate(problem, logs);
    if (here.log_density > best_density) {
      best_density = here.log_density;
      best = logs;
    }
    const Eigen::ArrayXd turn = here.gradient * last;
    steps = (turn > 0).select((steps * kGrow).min(kLargestStep), steps);
    steps = (turn < 0).select(steps * kShrink, steps);
    last = here.gradient;
    logs += here.gradient.sign() * steps;
    clamp_logs(logs);
  }
  return from_logs(best);
}

}  // namespace wattgrind
