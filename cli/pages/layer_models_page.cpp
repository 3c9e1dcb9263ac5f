#include "cli/pages/layer_models_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/pages/html_page.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/models/layer_models.h"

namespace wattgrind {
namespace {

// The kinds with most readings of the quantity have a series each; the others share one.
constexpr size_t kOwnSeries = 7;

struct PredictedReading {
  const LayerReading* reading = nullptr;
  double measured = 0, predicted = 0;  // by a fit that has not seen it
};

struct PredictedKind {
  std::string kind;
  std::vector<PredictedReading> readings;
};

// By kind, those with most readings first. What is drawn on logarithmic axes is above zero.
std::vector<PredictedKind> predicted_kinds(const LayerModelsReport& report,
                                           LayerQuantity quantity) {
  std::vector<PredictedKind> kinds;
  for (const KindModel& model : report.models.kinds) {
    if (!model.of(quantity)) continue;
    PredictedKind kind{model.kind, {}};
    const std::vector<size_t> indices = readings_of(report.readings, model.kind, quantity);
    for (size_t i = 0; i < indices.size(); ++i) {
      const LayerReading& reading = report.readings[indices[i]];
      const double predicted = model.of(quantity)->left_out_predictions[i];
      const double measured = *reading.of(quantity);
      if (measured > 0 && predicted > 0) kind.readings.push_back({&reading, measured, predicted});
    }
    if (!kind.readings.empty()) kinds.push_back(std::move(kind));
  }
  std::ranges::stable_sort(kinds, [](const PredictedKind& a, const PredictedKind& b) {
    return a.readings.size() > b.readings.size();
  });
  return kinds;
}

// A plot with a point for each reading, whose height `y_of` tells.
template <typename Height>
ScatterPlot plot_of_readings(const std::vector<PredictedKind>& kinds, const Height& y_of) {
  ScatterPlot plot;
  plot.x_scale = AxisScale::kLog;
  for (const PredictedKind& kind : kinds) {
    if (plot.series.size() <= kOwnSeries) plot.series.push_back({kind.kind, {}});
    PlotSeries& series = plot.series.back();
    if (series.name != kind.kind) series.name = "other kinds";
    for (const PredictedReading& of : kind.readings) {
      series.points.push_back(
          {of.measured, y_of(of),
           fmt::format("{}{}: {:.3g} measured, {:.3g} predicted", of.reading->workload,
                       of.reading->cold ? ", cold" : "", of.measured, of.predicted)});
    }
  }
  return plot;
}

void add_quantity(const LayerModelsReport& report, LayerQuantity quantity, HtmlPage& page) {
  const std::vector<PredictedKind> kinds = predicted_kinds(report, quantity);
  if (kinds.empty()) return;
  const std::string what = fmt::format("{} ({})", name(quantity), unit(quantity));
  double least = kinds[0].readings[0].measured, most = least;
  for (const PredictedKind& kind : kinds) {
    for (const PredictedReading& of : kind.readings) {
      least = std::min(least, of.measured);
      most = std::max(most, of.measured);
    }
  }
  ScatterPlot against =
      plot_of_readings(kinds, [](const PredictedReading& of) { return of.predicted; });
  against.title = fmt::format("{}: measured against predicted", name(quantity));
  against.x_label = "measured " + what;
  against.y_label = "predicted " + what;
  against.y_scale = AxisScale::kLog;
  against.lines = {{"equal", least, least, most, most}};
  ScatterPlot residuals = plot_of_readings(
      kinds, [](const PredictedReading& of) { return 100 * (of.predicted / of.measured - 1); });
  residuals.title = fmt::format("{}: residuals", name(quantity));
  residuals.x_label = against.x_label;
  residuals.y_label = "predicted beyond measured (%)";
  residuals.lines = {{"equal", least, 0, most, 0}};
  page.add_section(
      fmt::format("{}: measured against predicted",
                  quantity == LayerQuantity::kTime ? "Time" : "Energy"),
      drawing_html(to_svg(against, SvgUse::kInPage),
                   "Each reading was predicted by a fit that had not seen its workload.") +
          drawing_html(to_svg(residuals, SvgUse::kInPage),
                       "Points should lie around zero without a pattern."));
}

}  // namespace

std::string layer_models_page(const LayerModelsReport& report, const PageOrigin& origin) {
  HtmlPage page("Layer models fitted to " + report.readings_file,
                fmt::format("{} readings of layers of {} kinds", report.readings.size(),
                            report.models.kinds.size()),
                origin);
  if (!report.models.machine.empty()) page.add_fact("Machine", report.models.machine);
  page.add_fact("Fitted", report.models.date);
  page.add_fact("Odd", layer_models_oddities(report));
  page.add_fact("Not covered",
                "Layers whose sizes lie outside the readings': estimate --model warns of them.");
  page.add_section("Models",
                   table_html(layer_models_scores(report),
                              "What each form is worth, on readings left out; * is taken"));
  add_quantity(report, LayerQuantity::kTime, page);
  add_quantity(report, LayerQuantity::kEnergy, page);
  page.add_section("Readings",
                   table_html(layer_models_csv(report), "The readings", {.six_digits = true}));
  return page.text();
}

}  // namespace wattgrind
