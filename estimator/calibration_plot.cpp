#include "estimator/calibration_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace wattgrind {
namespace {

struct Scale {
  double factor = 1;
  std::string unit;
};

// The prefix that puts the largest energy between 1 and 1000.
Scale scale_for(const FeatureTable& table, std::string_view unit) {
  constexpr std::array<std::string_view, 9> kPrefixes = {"p", "n", "\u00b5", "m", "",
                                                         "k", "M", "G",      "T"};
  double largest = 0;
  for (const Sample& sample : table.samples) largest = std::max(largest, sample.energy_j);
  const int thousands = std::clamp(static_cast<int>(std::floor(std::log10(largest) / 3)), -4, 4);
  return {std::pow(1000.0, -thousands),
          std::string(kPrefixes[static_cast<size_t>(thousands + 4)]) + std::string(unit)};
}

// Calls take(name, sample, predicted_j) for both sorts of prediction.
template <typename Take>
std::vector<PlotSeries> both_predictions(const FeatureTable& table, const Calibration& calibration,
                                         Take take) {
  PlotSeries fitted{"fitted to all", {}}, left_out{"left out", {}};
  for (size_t i = 0; i < table.samples.size(); ++i) {
    fitted.points.push_back(take(table.samples[i], calibration.fitted_j[i]));
  }
  const LeftOut& nested = calibration.nested.left_out;
  for (size_t i = 0; i < nested.samples.size(); ++i) {
    left_out.points.push_back(take(table.samples[nested.samples[i]], nested.predicted_j[i]));
  }
  return {fitted, left_out};
}

double largest_x(const std::vector<PlotSeries>& series) {
  double largest = 0;
  for (const PlotPoint& point : series.front().points) largest = std::max(largest, point.x);
  return largest;
}

}  // namespace

ScatterPlot plot_predictions(const FeatureTable& table, const Calibration& calibration,
                             std::string_view title, std::string_view unit) {
  const Scale scale = scale_for(table, unit);
  ScatterPlot plot{std::string(title), fmt::format("measured ({})", scale.unit),
                   fmt::format("predicted ({})", scale.unit)};
  plot.series = both_predictions(table, calibration, [&](const Sample& sample, double predicted_j) {
    return PlotPoint{scale.factor * sample.energy_j, scale.factor * predicted_j, sample.workload};
  });
  const double end = largest_x(plot.series);
  plot.lines = {{"equal", 0, 0, end, end}};
  return plot;
}

ScatterPlot plot_residuals(const FeatureTable& table, const Calibration& calibration,
                           std::string_view title, std::string_view unit) {
  const Scale scale = scale_for(table, unit);
  ScatterPlot plot{std::string(title), fmt::format("measured ({})", scale.unit),
                   "predicted \u2212 measured (% of measured)"};
  plot.series = both_predictions(table, calibration, [&](const Sample& sample, double predicted_j) {
    return PlotPoint{scale.factor * sample.energy_j, 100 * (predicted_j / sample.energy_j - 1),
                     sample.workload};
  });
  plot.lines = {{"no error", 0, 0, largest_x(plot.series), 0}};
  return plot;
}

}  // namespace wattgrind
