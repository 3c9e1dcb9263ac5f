#include "cli/pages/reading_pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "cli/pages/drawn_bars.h"
#include "cli/pages/html_page.h"
#include "estimator/calibration/calibration_plot.h"
#include "estimator/charts/bar_chart.h"
#include "estimator/charts/svg_plot.h"

namespace wattgrind {
namespace {

// Bars of what a repetition of each load takes; empty where it is not known of all.
std::string load_bars(const MeasureReport& report, const std::string& name, const std::string& unit,
                      const std::function<std::optional<double>(const Measurement&)>& amount_of) {
  BarChart chart{name + " of a repetition", name, unit, {name}, {}};
  for (const Measurement& load : report.measured.loads) {
    const std::optional<double> amount = amount_of(load);
    if (!amount || *amount < 0) return "";
    chart.bars.push_back({load.workload, {*amount}});
  }
  if (chart.bars.empty()) return "";
  const std::string others = keep_largest_bars(chart);
  return drawing_html(to_svg(chart, SvgUse::kInPage), "Means over all runs." + others);
}

// Each run of the loads with several, beside the mean of its load.
std::string spread_plot(const MeasureReport& report) {
  ScatterPlot plot{"How far runs are from their mean", "run, in the order they were made",
                   "off the mean (%)"};
  plot.height = 360;
  constexpr size_t kMostSeries = 8;
  size_t most = 0;
  for (const Measurement& load : report.measured.loads) {
    if (load.runs.size() < 2 || plot.series.size() == kMostSeries) continue;
    PlotSeries series{load.workload, {}, PlotStyle::kJoined};
    const std::optional<double> energy = load.total_energy_j();
    const double mean =
        (energy ? *energy : load.duration_s()) / static_cast<double>(load.repetitions());
    for (size_t i = 0; i < load.runs.size(); ++i) {
      const MeteredRun& run = load.runs[i];
      const double amount = (energy ? run.energy_j.value_or(0) : run.duration_s) /
                            static_cast<double>(run.repetitions);
      series.points.push_back({static_cast<double>(i + 1), 100 * (amount / mean - 1)});
    }
    most = std::max(most, series.points.size());
    plot.series.push_back(std::move(series));
  }
  if (plot.series.empty()) return "";
  plot.lines = {{"mean", 1, 0, static_cast<double>(most), 0}};
  return drawing_html(
      to_svg(plot, SvgUse::kInPage),
      report.measured.loads.size() > plot.series.size()
          ? fmt::format("Of the first {} loads with several runs.", plot.series.size())
          : "What drifts shows as a slope, what disturbs as a peak.");
}

std::string measured_words(const MeasureReport& report) {
  std::string text =
      fmt::format("meter {}, {} kernels, batch {}, until means are known to {:g} %", report.meter,
                  report.isa, report.batch, 100 * report.relative_error);
  const bool has_energy = std::ranges::any_of(
      report.measured.loads, [](const Measurement& load) { return load.energy_j().has_value(); });
  if (has_energy) {
    text += report.idle_subtracted ? "\nwhat the machine draws idle is subtracted"
                                   : "\nwhat the machine draws idle is in the figures";
  }
  if (report.measured.samples > 0) {
    text += fmt::format("\nthe meter took {} samples and missed {}", report.measured.samples,
                        report.measured.missed_samples);
  }
  if (report.measured.interrupted) text += "\ninterrupted: whole runs alone are here";
  if (report.measured.failure)
    text += fmt::format("\nended by: {}", report.measured.failure->what());
  return text;
}

// Predictions of workloads that were left out get the interval that a new one is promised.
ScatterPlot with_intervals(ScatterPlot plot, double interval_percent) {
  if (!std::isfinite(interval_percent)) return plot;
  for (PlotPoint& point : plot.series.back().points) {
    point.low_y = point.y * (1 - interval_percent / 100);
    point.high_y = point.y * (1 + interval_percent / 100);
  }
  return plot;
}

ScatterPlot with_bounds(ScatterPlot plot, double interval_percent) {
  if (!std::isfinite(interval_percent)) return plot;
  const PlotLine zero = plot.lines.front();
  plot.lines.push_back({fmt::format("95 %: \u00b1{:.1f} %", interval_percent), zero.x0,
                        interval_percent, zero.x1, interval_percent});
  plot.lines.push_back({"and below", zero.x0, -interval_percent, zero.x1, -interval_percent});
  return plot;
}

void add_fit(const FeatureTable& table, const Calibration& calibration, const std::string& name,
             HtmlPage& page) {
  const double interval = calibration.interval_percent;
  page.add_section(
      name + ": measured against predicted",
      drawing_html(to_svg(with_intervals(plot_predictions(table, calibration, name), interval),
                          SvgUse::kInPage),
                   "On the line, what is predicted is what was measured. Those left out were "
                   "predicted by a fit that had not seen them; their bars are the 95 % interval "
                   "promised for a new workload."));
  page.add_section(
      name + ": residuals",
      drawing_html(
          to_svg(with_bounds(plot_residuals(table, calibration, name), interval), SvgUse::kInPage),
          "Points should lie around zero without a pattern."));
}

}  // namespace

std::string measure_page(const MeasureReport& report, const PageOrigin& origin) {
  HtmlPage page("Measurement with " + report.meter,
                fmt::format("{} loads, natively on this computer", report.measured.loads.size()),
                origin);
  page.add_fact("Measured", measured_words(report));
  std::string warnings;
  for (const Measurement& load : report.measured.loads) {
    for (const std::string& warning : load.warnings) {
      warnings += fmt::format("{}: {}\n", load.workload, warning);
    }
  }
  page.add_fact("Warnings", warnings);
  const auto add = [&](const char* heading, const std::string& drawing) {
    if (!drawing.empty()) page.add_section(heading, drawing);
  };
  add("Energy",
      load_bars(report, "energy", "J", [](const Measurement& load) { return load.energy_j(); }));
  add("Time", load_bars(report, "time", "s",
                        [](const Measurement& load) { return std::optional(load.seconds()); }));
  add("Spread", spread_plot(report));
  page.add_section("Table", table_html(measure_csv(report), "The loads"));
  return page.text();
}

std::string calibrate_page(const CalibrateReport& report, const PageOrigin& origin) {
  HtmlPage page(fmt::format("{} fitted to {}", report.machine, report.readings),
                fmt::format("{} readings, energies of column {}",
                            report.features.table.samples.size(), report.energy_column),
                origin);
  page.add_fact(
      "Interval",
      fmt::format("an energy estimated with these prices is within {:.1f} % of what would "
                  "be measured, 95 times of 100",
                  report.calibration.interval_percent));
  page.add_fact("Not exact", fmt::format("{}", fmt::join(report.notes, "\n")));
  add_fit(report.features.table, report.calibration, "Energy", page);
  if (report.time) add_fit(report.time->table, report.time->calibration, "Time", page);
  page.add_section("Model", table_html(calibration_terms_table(report), "The fitted prices") +
                                table_html(calibration_quality_table(report),
                                           "The model beside what it must beat"));
  page.add_section("Readings",
                   table_html(calibrate_csv(report), "The readings", {.six_digits = true}));
  return page.text();
}

}  // namespace wattgrind
