#include "estimator/calibration/calibration_plot.h"

#include <gtest/gtest.h>

#include <string>

namespace wattgrind {
namespace {

const FitTarget kTarget{"energy", "J"};

TEST(CalibrationPlot, ShowsFittedAndLeftOutInAReadableUnit) {
  FeatureTable table{kTarget, {{"operations", "pJ"}}, {}};
  for (int i = 1; i <= 4; ++i) {
    table.samples.push_back({"w" + std::to_string(i), {double(i)}, 2e-7 * i * (1 + 0.01 * i)});
  }
  const Calibration calibration = calibrate(table, {}, {});
  const ScatterPlot plot = plot_predictions(table, calibration, "t");
  EXPECT_EQ(plot.x_label, "measured (nJ)");
  ASSERT_EQ(plot.series.size(), 2u);
  EXPECT_NEAR(plot.series[0].points[3].x, 832, 1e-9);
  EXPECT_NEAR(plot.series[0].points[3].y, 1e9 * calibration.fitted[3], 1e-9);
  const ScatterPlot residuals = plot_residuals(table, calibration, "t");
  EXPECT_NEAR(residuals.series[1].points[0].y,
              100 * (calibration.nested.left_out.predicted[0] / table.samples[0].target - 1), 1e-9);
}

}  // namespace
}  // namespace wattgrind
