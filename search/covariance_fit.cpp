#include "search/covariance_fit.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace wattgrind {
namespace {

constexpr double kJitter = 1e-8;

// Widths of the priors, in natural logarithms: a factor of e, and of e^2 for the noise.
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

// Lengths from a hundredth of a parameter's range to twenty ranges (as good as no influence).
void clamp_logs(Eigen::ArrayXd& logs) {
  const Eigen::Index d = (logs.size() - 3) / 2;
  logs.head(2 * d) = logs.head(2 * d).max(std::log(0.01)).min(std::log(20.0));
  logs.segment(2 * d, 2) = logs.segment(2 * d, 2).max(std::log(1e-4)).min(std::log(100.0));
  logs[2 * d + 2] = std::clamp(logs[2 * d + 2], std::log(1e-5), 0.0);
}

// The squared differences of all pairs, one matrix a dimension.
std::vector<Eigen::ArrayXXd> pair_squares(const Covariance& covariance,
                                          const Eigen::Ref<const Eigen::MatrixXd>& points) {
  const Eigen::Index n = points.rows();
  std::vector<Eigen::ArrayXXd> squares;
  for (Eigen::Index d = 0; d < covariance.dimensions(); ++d) {
    Eigen::ArrayXXd pairs(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
      covariance.squared_differences(d, points.col(d).array(), points(i, d), pairs.col(i));
    }
    squares.push_back(std::move(pairs));
  }
  return squares;
}

struct Problem {
  std::vector<Eigen::ArrayXXd> squares;
  Eigen::VectorXd values;
  Eigen::ArrayXd prior_logs;
};

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

Posterior evaluate(const Problem& problem, const Eigen::ArrayXd& logs) {
  const CovarianceParameters p = from_logs(logs);
  const Eigen::Index dimensions = p.additive_lengths.size(), n = problem.values.size();
  const double share = p.additive_variance / static_cast<double>(dimensions);
  std::vector<Eigen::ArrayXXd> terms;  // of each dimension alone: 1 / (1 + r^2 / 2)
  Eigen::ArrayXXd additive = Eigen::ArrayXXd::Zero(n, n), joint = Eigen::ArrayXXd::Ones(n, n);
  for (Eigen::Index d = 0; d < dimensions; ++d) {
    const Eigen::ArrayXXd& squares = problem.squares[static_cast<size_t>(d)];
    const double l = p.additive_lengths[d], m = p.joint_lengths[d];
    terms.push_back((1 + squares * (0.5 / (l * l))).inverse());
    additive += terms.back();
    joint += squares * (0.5 / (m * m));
  }
  additive *= share;
  joint = joint.inverse().eval();
  Eigen::MatrixXd k = (additive + p.joint_variance * joint).matrix();
  k.diagonal().array() += p.noise_variance + kJitter * p.variance();

  Posterior posterior{-std::numeric_limits<double>::infinity(), Eigen::ArrayXd::Zero(logs.size())};
  const Eigen::LLT<Eigen::MatrixXd> factor(k);
  if (factor.info() != Eigen::Success) return posterior;
  const Eigen::VectorXd weights = factor.solve(problem.values);
  posterior.log_density =
      -0.5 * problem.values.dot(weights) - factor.matrixLLT().diagonal().array().log().sum();
  // d log p / d theta = 1/2 tr((w w' - K^-1) dK/dtheta), Rasmussen and Williams eq. 5.9.
  Eigen::MatrixXd slope = weights * weights.transpose();
  slope -= factor.solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::ArrayXXd joint_slope = slope.array() * joint.square();
  for (Eigen::Index d = 0; d < dimensions; ++d) {
    const Eigen::ArrayXXd& squares = problem.squares[static_cast<size_t>(d)];
    const Eigen::ArrayXXd& term = terms[static_cast<size_t>(d)];
    const double l = p.additive_lengths[d], m = p.joint_lengths[d];
    const double additive_sum = (slope.array() * squares * term.square()).sum();
    posterior.gradient[d] = 0.5 * share * additive_sum / (l * l);
    posterior.gradient[dimensions + d] =
        0.5 * p.joint_variance * (joint_slope * squares).sum() / (m * m);
  }
  posterior.gradient[2 * dimensions] = 0.5 * (slope.array() * additive).sum();
  posterior.gradient[2 * dimensions + 1] = 0.5 * p.joint_variance * (slope.array() * joint).sum();
  posterior.gradient[2 * dimensions + 2] = 0.5 * p.noise_variance * slope.trace();
  add_prior(problem, logs, posterior);
  return posterior;
}

Problem make_problem(const Covariance& covariance, const Eigen::Ref<const Eigen::MatrixXd>& points,
                     const Eigen::Ref<const Eigen::VectorXd>& values, bool noisy) {
  return {pair_squares(covariance, points), values,
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
                                    const CovarianceParameters& start, int iterations) {
  // Rprop's constants, from the paper, but for the first step: parameters start within about e.
  constexpr double kGrow = 1.2, kShrink = 0.5, kFirstStep = 0.2, kLargestStep = 1.0;
  const Problem problem = make_problem(covariance, points, values, noisy);
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
