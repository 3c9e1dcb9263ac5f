#include "search/gaussian/gaussian_process.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>

#include "search/gaussian/covariance_fit.h"
#include "search/samplers/parzen_draws.h"

namespace wattgrind {
namespace {

UnitSpace mixed_space() {
  return UnitSpace(parse_space(nlohmann::ordered_json::parse(R"({
    "layers": {"int": [1, 4]}, "rate": {"float": [0, 1]}, "optimizer": {"choice": ["a", "b", "c"]},
    "momentum": {"float": [0, 1], "when": {"optimizer": "b"}}})"),
                               "space"));
}

CovarianceParameters some_parameters() {
  CovarianceParameters parameters = prior_parameters(4, true);
  parameters.additive_lengths << 0.2, 0.5, 1.5, 0.4;
  parameters.joint_lengths << 0.7, 0.3, 1.1, 0.9;
  parameters.additive_variance = 0.8;
  parameters.joint_variance = 0.3;
  parameters.noise_variance = 0.05;
  return parameters;
}

Eigen::MatrixXd draw_points(const UnitSpace& space, Eigen::Index count) {
  Random random(8);
  Eigen::MatrixXd points(count, static_cast<Eigen::Index>(space.size()));
  for (Eigen::Index i = 0; i < count; ++i) {
    const Point point = draw_anywhere(space, random);
    for (size_t d = 0; d < point.size(); ++d) points(i, static_cast<Eigen::Index>(d)) = point[d];
  }
  return points;
}

std::vector<double> row(const Eigen::MatrixXd& points, Eigen::Index i) {
  const Eigen::VectorXd values = points.row(i).transpose();
  return {values.data(), values.data() + values.size()};
}

double difference(double a, double b, bool choice) {
  if (choice || a == kInactive || b == kInactive) return a == b ? 0 : 1;
  return a - b;
}

// The covariance as its header states it, one pair at a time.
double naive(const CovarianceParameters& p, const std::vector<double>& x,
             const std::vector<double>& y) {
  double additive = 0, joint = 0;
  for (size_t d = 0; d < x.size(); ++d) {
    const double r = difference(x[d], y[d], d == 2);
    const double l = p.additive_lengths[static_cast<Eigen::Index>(d)];
    const double m = p.joint_lengths[static_cast<Eigen::Index>(d)];
    additive += 1 / (1 + r * r / (l * l) / 2);
    joint += r * r / (m * m);
  }
  return p.additive_variance * additive / static_cast<double>(x.size()) +
         p.joint_variance / (1 + joint / 2);
}

// `own_noise` is what the value of row i has beside the noise of all.
void expect_dense_algebra(double (*own_noise)(Eigen::Index i)) {
  const UnitSpace space = mixed_space();
  const Covariance covariance(space);
  const CovarianceParameters parameters = some_parameters();
  const Eigen::Index n = 40;
  const Eigen::MatrixXd points = draw_points(space, n + 10);
  GaussianProcess process(covariance, parameters);
  Eigen::MatrixXd k(n, n);
  Eigen::VectorXd values(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    process.append(row(points, i), own_noise(i));
    values[i] = std::sin(7.0 * static_cast<double>(i));
    for (Eigen::Index j = 0; j < n; ++j) {
      k(i, j) = naive(parameters, row(points, i), row(points, j));
    }
  }
  for (Eigen::Index i = 0; i < n; ++i) k(i, i) += parameters.noise_variance + own_noise(i);
  process.set_values(values);
  const Eigen::MatrixXd inverse = k.inverse();
  for (Eigen::Index i = n; i < n + 10; ++i) {
    const std::vector<Point> x = {row(points, i)};
    Eigen::VectorXd kx(n);
    for (Eigen::Index j = 0; j < n; ++j) kx[j] = naive(parameters, x[0], row(points, j));
    const Eigen::MatrixXd covariances = process.covariances(x);
    const double variance = process.variances(covariances)[0];
    EXPECT_NEAR(process.means(covariances)[0], kx.dot(inverse * values), 1e-6);
    EXPECT_NEAR(variance, parameters.variance() - kx.dot(inverse * kx), 1e-6);
    EXPECT_GE(process.variance_bounds(covariances)[0] + 1e-9, variance);
  }
}

TEST(GaussianProcess, AgreesWithDenseAlgebra) {
  expect_dense_algebra([](Eigen::Index) { return 0.0; });
}

TEST(GaussianProcess, AgreesWithDenseAlgebraWhereValuesDifferInNoise) {
  expect_dense_algebra([](Eigen::Index i) { return 0.3 * static_cast<double>(i % 4); });
}

TEST(GaussianProcess, ForgetsWhatIsTruncated) {
  const UnitSpace space = mixed_space();
  const Covariance covariance(space);
  const Eigen::MatrixXd points = draw_points(space, 60);
  GaussianProcess grown(covariance, some_parameters()), cut(covariance, some_parameters());
  for (Eigen::Index i = 0; i < 30; ++i) grown.append(row(points, i));
  for (Eigen::Index i = 0; i < 20; ++i) cut.append(row(points, i));
  for (Eigen::Index i = 40; i < 60; ++i) cut.append(row(points, i));
  cut.truncate(20);
  for (Eigen::Index i = 20; i < 30; ++i) cut.append(row(points, i));
  const Eigen::VectorXd values = Eigen::VectorXd::LinSpaced(30, -1, 1);
  grown.set_values(values);
  cut.set_values(values);
  const std::vector<Point> x = {row(points, 50)};
  const Eigen::MatrixXd covariances = grown.covariances(x);
  EXPECT_EQ(covariances, cut.covariances(x));
  EXPECT_EQ(grown.means(covariances), cut.means(covariances));
  EXPECT_EQ(grown.variances(covariances), cut.variances(covariances));
}

TEST(CovarianceFit, HasTheGradientOfItsDensity) {
  const UnitSpace space = mixed_space();
  const Covariance covariance(space);
  const Eigen::MatrixXd points = draw_points(space, 25);
  const Eigen::VectorXd values = (points.col(0) * 3 + points.col(1)).array().sin();
  const CovarianceParameters at = some_parameters();
  const Posterior posterior = covariance_posterior(covariance, points, values, true, at);
  const auto density = [&](Eigen::Index i, double step) {
    CovarianceParameters moved = at;
    double* const of[] = {&moved.additive_lengths[i % 4], &moved.joint_lengths[i % 4],
                          &moved.additive_variance, &moved.joint_variance, &moved.noise_variance};
    *of[i < 8 ? i / 4 : i - 6] *= std::exp(step);
    return covariance_posterior(covariance, points, values, true, moved).log_density;
  };
  for (Eigen::Index i = 0; i < 11; ++i) {
    const double slope = (density(i, 1e-5) - density(i, -1e-5)) / 2e-5;
    EXPECT_NEAR(posterior.gradient[i], slope, 1e-4 * (1 + std::abs(slope))) << "parameter " << i;
  }
}

TEST(CovarianceFit, FindsWhichParameterMatters) {
  const UnitSpace space = mixed_space();
  const Covariance covariance(space);
  const Eigen::MatrixXd points = draw_points(space, 60);
  Eigen::VectorXd values = (points.col(1).array() * 9).sin();
  values = (values.array() - values.mean()) /
           std::sqrt((values.array() - values.mean()).square().mean());
  const CovarianceParameters fitted =
      fit_covariance(covariance, points, values, false, prior_parameters(4, false), 40);
  EXPECT_GT(fitted.additive_variance, 3 * fitted.joint_variance);
  EXPECT_LT(fitted.additive_lengths[1] * 3, fitted.additive_lengths[0]);
  EXPECT_LT(fitted.noise_variance, 1e-2);
}

}  // namespace
}  // namespace wattgrind
