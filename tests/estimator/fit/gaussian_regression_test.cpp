#include "estimator/fit/gaussian_regression.h"

#include <gmock/gmock.h>

#include <cmath>

#include "estimator/base/random.h"

namespace wattgrind {
namespace {

// What scikit-learn 1.2.1 gives for ConstantKernel(0.6) * Matern([0.8, 1.9], nu=1.5) +
// WhiteKernel(0.05): log_marginal_likelihood with its gradient, less -n/2 log(2 pi).
TEST(GaussianRegression, TheLikelihoodAgreesWithScikitLearn) {
  Eigen::MatrixXd points(6, 2);
  points << 0, 0, 1, 0.5, 2, -1, 0.3, 1.7, -1, 0.4, 1.5, 1.5;
  Eigen::VectorXd values(6);
  values << 0.2, -0.4, 0.9, 0.1, -0.7, 0.3;
  Eigen::VectorXd logarithms(4);
  logarithms << std::log(0.8), std::log(1.9), std::log(0.6), std::log(0.05);
  const GaussianLikelihood likelihood = gaussian_likelihood(points, values, logarithms);
  EXPECT_NEAR(likelihood.log_density, -0.01727175433507977, 1e-7);
  EXPECT_NEAR(likelihood.gradient(0), -0.592271889942202, 1e-6);
  EXPECT_NEAR(likelihood.gradient(1), 0.4267436627236323, 1e-6);
  EXPECT_NEAR(likelihood.gradient(2), -1.1117605198642981, 1e-6);
  EXPECT_NEAR(likelihood.gradient(3), -0.07016104418085947, 1e-6);
}

struct Curve {
  Eigen::MatrixXd points;
  Eigen::VectorXd values;
};

double curve(double x) { return std::sin(x) + 0.3 * x; }

// A curve over the first of two dimensions, with a little noise.
Curve noisy_curve(Eigen::Index count) {
  Random random(6);
  Curve result{Eigen::MatrixXd(count, 2), Eigen::VectorXd(count)};
  for (Eigen::Index i = 0; i < count; ++i) {
    result.points.row(i) << 6 * random.uniform(), 50 * random.normal();
    result.values(i) = curve(result.points(i, 0)) + 0.02 * random.normal();
  }
  return result;
}

TEST(GaussianRegression, LearnsACurveAndWhichDimensionDoesNotMatter) {
  const Curve seen = noisy_curve(120);
  const GaussianRegression fit = fit_gaussian_regression(seen.points, seen.values);
  for (double x = 0.5; x < 5.6; x += 0.5) {
    EXPECT_NEAR(fit.predict(Eigen::RowVector2d(x, 20)), curve(x), 0.06) << x;
  }
  EXPECT_GT(fit.lengths(1), 5 * fit.lengths(0));
}

TEST(GaussianRegression, TellsNothingFarFromAllPoints) {
  const Curve seen = noisy_curve(60);
  const GaussianRegression fit = fit_gaussian_regression(seen.points, seen.values);
  EXPECT_NEAR(fit.predict(Eigen::RowVector2d(1e6, 0)), 0, 1e-6);
}

TEST(GaussianRegression, LengthsFromSomePointsDoForAll) {
  const Curve seen = noisy_curve(200);
  GaussianFitOptions options;
  options.points_for_lengths = 50;
  const GaussianRegression fit = fit_gaussian_regression(seen.points, seen.values, options);
  EXPECT_EQ(fit.points.rows(), 200);
  EXPECT_NEAR(fit.predict(Eigen::RowVector2d(3, 0)), curve(3), 0.06);
}

TEST(GaussianRegression, TakesPointsThatAreAllAlike) {
  const GaussianRegression fit =
      fit_gaussian_regression(Eigen::MatrixXd::Ones(5, 2), Eigen::VectorXd::Constant(5, 0.7));
  EXPECT_NEAR(fit.predict(Eigen::RowVector2d(1, 1)), 0.7, 0.2);
}

}  // namespace
}  // namespace wattgrind
