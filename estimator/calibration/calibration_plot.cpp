#include "estimator/calibration/calibration_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "estimator/base/metric_prefix.h"

namespace wattgrind {
namespace {

MetricPrefix prefix_for(const FeatureTable& table) {
  double largest = 0;
  for (const Sample& sample : table.samples) largest = std::max(largest, sample.target);
  return metric_prefix(largest);
}

// One series for each sort of prediction, whose points are what take(sample, predicted) returns.
template <typename Take>
std::vector<PlotSeries> both_predictions(const FeatureTable& table, const Calibration& calibration,
                                         Take take) {
  PlotSeries fitted{"fitted to all", {}}, left_out{"left out", {}};
  for (size_t i = 0; i < table.samples.size(); ++i) {
    fitted.points.push_back(take(table.samples[i], calibration.fitted[i]));
  }
  const LeftOut& nested = calibration.nested.left_out;
  for (size_t i = 0; i < nested.samples.size(); ++i) {
    left_out.points.push_back(take(table.samples[nested.samples[i]], nested.predicted[i]));
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
                             std::string_view title) {
  const MetricPrefix scale = prefix_for(table);
  ScatterPlot plot{std::string(title),
                   fmt::format("measured ({}{})", scale.symbol, table.target.unit),
                   fmt::format("predicted ({}{})", scale.symbol, table.target.unit)};
  plot.series = both_predictions(table, calibration, [&](const Sample& sample, double predicted) {
    return PlotPoint{scale.factor * sample.target, scale.factor * predicted, sample.workload};
  });
  const double end = largest_x(plot.series);
  plot.lines = {{"equal", 0, 0, end, end}};
  return plot;
}

ScatterPlot plot_residuals(const FeatureTable& table, const Calibration& calibration,
                           std::string_view title) {
  const MetricPrefix scale = prefix_for(table);
  ScatterPlot plot{std::string(title),
                   fmt::format("measured ({}{})", scale.symbol, table.target.unit),
                   "predicted \u2212 measured (% of measured)"};
  plot.series = both_predictions(table, calibration, [&](const Sample& sample, double predicted) {
    return PlotPoint{scale.factor * sample.target, 100 * (predicted / sample.target - 1),
                     sample.workload};
  });
  plot.lines = {{"no error", 0, 0, largest_x(plot.series), 0}};
  return plot;
}

}  // namespace wattgrind
