#include "cli/pages/case_pages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "cli/pages/drawn_bars.h"
#include "cli/pages/html_page.h"
#include "estimator/charts/bar_chart.h"
#include "estimator/charts/heat_map.h"
#include "estimator/charts/parallel_chart.h"
#include "estimator/charts/svg_plot.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

std::optional<double> energy_of_case(const CaseFigures& figures) {
  return figures.model_energy_j ? figures.model_energy_j : figures.total.energy_j;
}

// Of a point of a sweep, whose machine's profile always has energies.
double energy_of_point(const SweptPoint& point) {
  return energy_of_case(point.figures.value()).value();
}

std::optional<double> time_of_case(const CaseFigures& figures) {
  return figures.model_time_s ? figures.model_time_s : figures.total.time_s;
}

// Bars of a figure of every case that has it; empty where none has, or it cannot be drawn.
std::string case_bars(const std::vector<CaseFigures>& cases, const std::string& name,
                      const std::string& unit,
                      const std::function<std::optional<double>(const CaseFigures&)>& figure) {
  BarChart chart{name + " of each case", name, unit, {name}, {}};
  for (const CaseFigures& of : cases) {
    const std::optional<double> amount = figure(of);
    if (!amount) continue;
    // Layer models may tell less than nothing.
    if (!std::isfinite(*amount) || *amount < 0) return "";
    chart.bars.push_back({of.label, {*amount}});
  }
  if (chart.bars.empty()) return "";
  const std::string others = keep_largest_bars(chart);
  return drawing_html(to_svg(chart, SvgUse::kInPage), "Of a pass with the whole batch." + others);
}

// The energies of layers that all cases have, where there are few enough to be read.
std::string shared_layers(const std::vector<CaseFigures>& cases) {
  constexpr size_t kMostCases = 8, kMostLayers = 80;
  if (cases.size() < 2 || cases.size() > kMostCases) return "";
  HeatMap map{
      "Energy of the layers that all cases have", "case", "layer", {}, {}, {}, "energy", "J"};
  for (const CaseFigures& of : cases) map.columns.push_back(of.label);
  for (const std::string& name : common_layers(cases)) {
    std::vector<std::optional<double>> row;
    for (const CaseFigures& of : cases) row.push_back(layer_energy_j(of, name));
    map.rows.push_back(name);
    map.values.push_back(std::move(row));
  }
  if (map.rows.empty() || map.rows.size() > kMostLayers) return "";
  return drawing_html(to_svg(map, SvgUse::kInPage), "Layers are the same where their names are.");
}

std::vector<const SweptPoint*> valid_points(const SweepReport& report) {
  std::vector<const SweptPoint*> points;
  for (const SweptPoint& point : report.points) {
    if (point.figures) points.push_back(&point);
  }
  return points;
}

// One key that is no number: bars. Numbers: energy over them, with the line, and time.
std::string one_key_drawings(const SweepReport& report) {
  std::vector<CaseFigures> cases;
  for (const SweptPoint* point : valid_points(report)) {
    cases.push_back(*point->figures);
    cases.back().label = report.keys[0] + "=" + point->values[0];
  }
  const auto time_bars = [&] { return case_bars(cases, "time", "s", time_of_case); };
  const std::optional<SweepLine> line = sweep_line(report);
  if (!line) {
    return case_bars(cases, "energy", "J", energy_of_case) + time_bars();
  }
  const LineWithIntervals& fit = line->line;
  std::string drawings = drawing_html(
      to_svg(sweep_plot(report), SvgUse::kInPage),
      fmt::format("Energy is {:.6g} uJ [{:.6g}, {:.6g}] + {:.6g} uJ [{:.6g}, {:.6g}] times {}; R2 "
                  "{:.4f}. In brackets: 95 % intervals.",
                  fit.intercept, fit.intercept_95.low, fit.intercept_95.high, fit.slope,
                  fit.slope_95.low, fit.slope_95.high, line->of, fit.r2));
  return drawings + time_bars();
}

std::string two_keys_drawing(const SweepReport& report) {
  HeatMap map{report.what + ": energy", report.keys[0], report.keys[1], {}, {}, {}, "energy", "J"};
  const auto place = [](std::vector<std::string>& labels, const std::string& label) {
    const auto found = std::ranges::find(labels, label);
    if (found != labels.end()) return static_cast<size_t>(found - labels.begin());
    labels.push_back(label);
    return labels.size() - 1;
  };
  const std::vector<const SweptPoint*> points = valid_points(report);
  for (const SweptPoint* point : points) {
    place(map.columns, point->values[0].empty() ? "as given" : point->values[0]);
    place(map.rows, point->values[1].empty() ? "as given" : point->values[1]);
  }
  map.values.assign(map.rows.size(), std::vector<std::optional<double>>(map.columns.size()));
  for (const SweptPoint* point : points) {
    const size_t column =
        place(map.columns, point->values[0].empty() ? "as given" : point->values[0]);
    const size_t row = place(map.rows, point->values[1].empty() ? "as given" : point->values[1]);
    map.values[row][column] = energy_of_point(*point);
  }
  return drawing_html(to_svg(map, SvgUse::kInPage), "Energy of a pass with the whole batch.");
}

// An axis a key, and energy and time beside them.
std::string many_keys_drawing(const SweepReport& report) {
  const std::vector<const SweptPoint*> points = valid_points(report);
  ParallelChart chart{report.what + ": points", {}, {}, "colours go by energy, from the least"};
  for (const SweptPoint* point : points) {
    chart.lines.push_back({{}, energy_of_point(*point), point->figures->label});
  }
  for (size_t key = 0; key < report.keys.size(); ++key) {
    ParallelAxis axis{report.keys[key]};
    std::vector<std::optional<double>> numbers;
    bool are_words = false;
    for (const SweptPoint* point : points) {
      const std::string& value = point->values[key];
      numbers.push_back(value.empty() ? std::nullopt : parse_number(value));
      are_words = are_words || (!value.empty() && !numbers.back());
    }
    if (are_words) {
      for (size_t i = 0; i < points.size(); ++i) {
        const std::string& word = points[i]->values[key];
        auto found = std::ranges::find(axis.words, word);
        if (found == axis.words.end()) found = axis.words.insert(axis.words.end(), word);
        numbers[i] = static_cast<double>(found - axis.words.begin());
      }
    }
    if (std::ranges::none_of(numbers, [](const auto& number) { return number.has_value(); })) {
      continue;
    }
    chart.axes.push_back(std::move(axis));
    for (size_t i = 0; i < points.size(); ++i) chart.lines[i].values.push_back(numbers[i]);
  }
  const ShownUnit unit =
      shown_unit(energy_of_point(**std::ranges::max_element(
                     points, {}, [](const SweptPoint* point) { return energy_of_point(*point); })),
                 "J");
  chart.axes.push_back({axis_title("energy", unit)});
  for (size_t i = 0; i < points.size(); ++i) {
    chart.lines[i].values.push_back(energy_of_point(*points[i]) * unit.factor);
  }
  return chart.axes.size() < 2 ? ""
                               : drawing_html(to_svg(chart, SvgUse::kInPage), "A line is a point.");
}

}  // namespace

std::string compare_page(const CompareReport& report, const PageOrigin& origin) {
  std::vector<std::string> labels;
  for (const CaseFigures& of : report.cases) labels.push_back(of.label);
  HtmlPage page("Comparison", fmt::format("{}", fmt::join(labels, " against ")), origin);
  page.add_fact("Figures",
                "of one pass with the whole batch; how far prices are to be trusted, and what they "
                "leave out, tells wattgrind estimate of each case");
  page.add_fact("Not covered", unmapped_lines(report));
  if (const std::string energy = case_bars(report.cases, "energy", "J", energy_of_case);
      !energy.empty()) {
    page.add_section("Energy", energy);
  }
  if (const std::string time = case_bars(report.cases, "time", "s", time_of_case); !time.empty()) {
    page.add_section("Time", time);
  }
  if (const std::string layers = shared_layers(report.cases); !layers.empty()) {
    page.add_section("Layers", layers);
  }
  page.add_section("Table", table_html(compare_csv(report), "The cases"));
  return page.text();
}

std::string sweep_page(const SweepReport& report, const PageOrigin& origin) {
  HtmlPage page(fmt::format("{} on {}", report.what, report.machine),
                fmt::format("What changes with {}", fmt::join(report.keys, ", ")), origin);
  page.add_fact("Figures",
                "of one pass with the whole batch; how far prices are to be trusted, and what they "
                "leave out, tells wattgrind estimate of each point");
  page.add_fact("Machine", fmt::format("{0}; its prices and their sources: wattgrind machines {0}",
                                       report.machine));
  std::string invalid;
  for (const SweptPoint& point : report.points) {
    if (!point.figures) invalid += point.error + "\n";
  }
  page.add_fact("Invalid", invalid);
  if (!valid_points(report).empty()) {
    page.add_section("Points", report.keys.size() == 1   ? one_key_drawings(report)
                               : report.keys.size() == 2 ? two_keys_drawing(report)
                                                         : many_keys_drawing(report));
    page.add_section("Table", table_html(sweep_csv(report), "The points"));
  }
  return page.text();
}

}  // namespace wattgrind
