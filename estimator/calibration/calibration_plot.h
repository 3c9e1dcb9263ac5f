// Plots of a calibration: what was measured against what is predicted, and the residuals.
#pragma once

#include <string>
#include <string_view>

#include "estimator/calibration/calibration.h"
#include "estimator/fit/feature_table.h"
#include "estimator/formats/svg_plot.h"

namespace wattgrind {

// Energies are shown with a metric prefix; `unit` is what they are in without one ("J").
ScatterPlot plot_predictions(const FeatureTable& table, const Calibration& calibration,
                             std::string_view title, std::string_view unit);

// Relative errors, in percent of what was measured.
ScatterPlot plot_residuals(const FeatureTable& table, const Calibration& calibration,
                           std::string_view title, std::string_view unit);

}  // namespace wattgrind
