#include "estimator/fit/step_fit.h"

#include <gmock/gmock.h>

#include <cmath>

#include "estimator/base/random.h"

namespace wattgrind {
namespace {

using testing::SizeIs;

struct Stairs {
  Eigen::MatrixXd points;
  std::vector<double> values;
  std::vector<Fold> folds = std::vector<Fold>(10);
};

// Values of 1 up to 40, of 3 up to 70 and of 5 beyond, within a percent; the second feature is
// noise.
Stairs stairs() {
  Random random(2);
  Stairs result{Eigen::MatrixXd(100, 2), {}};
  for (Eigen::Index i = 0; i < 100; ++i) {
    result.points.row(i) << static_cast<double>(i), random.normal();
    const double step = i < 40 ? 1 : i < 70 ? 3 : 5;
    result.values.push_back(step * (1 + 0.01 * (random.uniform() - 0.5)));
    result.folds[random.below(10)].push_back(static_cast<size_t>(i));
  }
  return result;
}

TEST(StepFit, FindsTheStepsThatMadeTheValues) {
  const Stairs data = stairs();
  const StepFit fit = fit_steps(data.points, data.values, data.folds);
  for (const double noise : {-3.0, 0.0, 3.0}) {
    EXPECT_NEAR(fit.box(std::vector{38.0, noise}).value, 1, 0.01);
    EXPECT_NEAR(fit.box(std::vector{41.0, noise}).value, 3, 0.03);
    EXPECT_NEAR(fit.box(std::vector{68.0, noise}).value, 3, 0.03);
    EXPECT_NEAR(fit.box(std::vector{500.0, noise}).value, 5, 0.05);
  }
  const StepNode& root = fit.nodes.front();
  EXPECT_EQ(root.feature, 0u);
  EXPECT_EQ(root.below, 39.5);
}

TEST(StepFit, TellsModesThatFeaturesDoNot) {
  Stairs data = stairs();
  Random random(4);
  for (double& value : data.values) value = random.uniform() < 0.25 ? 2 : 6;
  const StepFit fit = fit_steps(data.points, data.values, data.folds);
  const StepNode& box = fit.box(std::vector{50.0, 0.0});
  ASSERT_THAT(box.modes, SizeIs(2));
  EXPECT_EQ(box.modes[0].value, 2);
  EXPECT_EQ(box.modes[1].value, 6);
  EXPECT_NEAR(box.modes[0].share + box.modes[1].share, 1, 1e-12);
}

TEST(StepFit, AFewStrayValuesAreNoMode) {
  Stairs data = stairs();
  for (double& value : data.values) value = 1;
  data.values[10] = data.values[11] = 4;
  const StepFit fit = fit_steps(data.points, data.values, data.folds);
  EXPECT_THAT(fit.box(std::vector{90.0, 0.0}).modes, SizeIs(1));
}

// Of 2 and 6, equally often, 2 is off by 0 or 2/3 and 6 by 0 or 2.
TEST(StepFit, TheValueHasTheLeastRelativeError) {
  EXPECT_EQ(least_relative_error({2, 6}), 2);
  EXPECT_EQ(least_relative_error({2, 6, 6, 6, 6}), 6);
  const std::vector<double> values = {1.5, 2, 2.5, 4, 9, 10};
  const auto error = [&](double constant) {
    double sum = 0;
    for (const double value : values) sum += std::abs(constant / value - 1);
    return sum;
  };
  const double best = least_relative_error(values);
  for (double constant = 1; constant < 11; constant += 0.01) {
    EXPECT_GE(error(constant), error(best) - 1e-12);
  }
}

}  // namespace
}  // namespace wattgrind
