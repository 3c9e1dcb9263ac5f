// Plots of a calibration show what was measured against what is predicted, and the residuals.
#pragma once

#include <string>
#include <string_view>

#include "estimator/calibration/calibration.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/fit/feature_table.h"

namespace wattgrind {

// Both axes are in the unit of the table's target, with a metric prefix.
ScatterPlot plot_predictions(const FeatureTable& table, const Calibration& calibration,
                             std::string_view title);

// The errors are relative, in percent of what was measured.
ScatterPlot plot_residuals(const FeatureTable& table, const Calibration& calibration,
                           std::string_view title);

}  // namespace wattgrind
