#include "cli/reports/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/terminal/sentence.h"
#include "estimator/base/error.h"
#include "estimator/formats/csv.h"

namespace wattgrind {
namespace {

using nlohmann::ordered_json;

constexpr double kMicrojoulesAJoule = 1e6, kMicrosASecond = 1e6;

double case_energy_uj(const CaseFigures& figures) {
  if (figures.measured_energy_j) return kMicrojoulesAJoule * *figures.measured_energy_j;
  // A machine's profile always has energies.
  return kMicrojoulesAJoule *
         (figures.model_energy_j ? figures.model_energy_j : figures.total.energy_j).value();
}

// The valid points as a comparison.
CompareReport comparison_of(const SweepReport& report) {
  CompareReport comparison;
  for (const SweptPoint& point : report.points) {
    if (point.figures) comparison.cases.push_back(*point.figures);
  }
  return comparison;
}

// Absent where a valid point has no value.
std::optional<SweepLine> line_of(
    const SweepReport& report,
    const std::function<std::optional<double>(const CaseFigures&)>& value) {
  if (report.keys.size() != 1) return std::nullopt;
  const bool is_square = report.keys[0] == "input";
  SweepLine result;
  result.of = is_square ? "pixels" : report.keys[0];
  for (const SweptPoint& point : report.points) {
    if (!point.figures) continue;
    const std::optional<double> x = parse_number(point.values[0]);
    if (!x) return std::nullopt;
    result.xs.push_back(is_square ? *x * *x : *x);
    const std::optional<double> y = value(*point.figures);
    if (!y) return std::nullopt;
    result.ys.push_back(*y);
  }
  const auto line = line_with_intervals(result.xs, result.ys);
  if (!line) return std::nullopt;
  result.line = *line;
  return result;
}

std::string line_text(std::string_view what, std::string_view unit,
                      const std::optional<SweepLine>& found) {
  if (!found) return "";
  const LineWithIntervals& line = found->line;
  return fmt::format(
      "\n{0} is {2:.6g} {1} [{3:.6g}, {4:.6g}] + {5:.6g} {1} [{6:.6g}, {7:.6g}] times {8}; R2 "
      "{9:.4f}\n",
      what, unit, line.intercept, line.intercept_95.low, line.intercept_95.high, line.slope,
      line.slope_95.low, line.slope_95.high, found->of, line.r2);
}

void add_line(const char* key, const std::optional<SweepLine>& found, ordered_json& json) {
  if (!found) return;
  const LineWithIntervals& line = found->line;
  json[key] = {{"over", found->of},
               {"intercept", line.intercept},
               {"intercept_95", {line.intercept_95.low, line.intercept_95.high}},
               {"slope", line.slope},
               {"slope_95", {line.slope_95.low, line.slope_95.high}},
               {"r2", line.r2}};
}

std::string invalid_text(const SweepReport& report) {
  std::string text;
  for (const SweptPoint& point : report.points) {
    if (!point.figures) text += sentence("\ninvalid: {}", point.error);
  }
  return text.empty() ? text : text + "\n";
}

}  // namespace

std::optional<SweepLine> sweep_line(const SweepReport& report) {
  return line_of(report,
                 [](const CaseFigures& figures) { return std::optional(case_energy_uj(figures)); });
}

std::optional<SweepLine> measured_time_line(const SweepReport& report) {
  return line_of(report, [](const CaseFigures& figures) {
    return figures.measured_time_s ? std::optional(kMicrosASecond * *figures.measured_time_s)
                                   : std::nullopt;
  });
}

std::string sweep_text(const SweepReport& report, const TextPage& page) {
  std::string text = sentence("{} on {}\n\n", report.what, report.machine);
  if (const CompareReport comparison = comparison_of(report); !comparison.cases.empty()) {
    text += aligned_text(compare_csv(comparison), page);
  }
  return text + line_text("energy", "uJ", sweep_line(report)) +
         line_text("measured time", "us", measured_time_line(report)) + invalid_text(report);
}

ordered_json sweep_json(const SweepReport& report) {
  const ordered_json cases = compare_json(comparison_of(report)).at("cases");
  ordered_json points = ordered_json::array();
  size_t valid = 0;
  for (const SweptPoint& point : report.points) {
    ordered_json json = ordered_json::object();
    for (size_t i = 0; i < report.keys.size(); ++i) {
      if (!point.values[i].empty()) json["varied"][report.keys[i]] = point.values[i];
    }
    if (point.figures) {
      json.update(cases.at(valid++));
    } else {
      json["error"] = point.error;
    }
    points.push_back(std::move(json));
  }
  ordered_json json = {{"schema", "wattgrind/sweep/1"},
                       {"what", report.what},
                       {"machine", report.machine},
                       {"points", std::move(points)}};
  add_line("energy_uj", sweep_line(report), json);
  add_line("measured_time_us", measured_time_line(report), json);
  return json;
}

Table sweep_csv(const SweepReport& report) {
  Table table;
  for (const std::string& key : report.keys) table.columns.push_back({key, key});
  const CompareReport comparison = comparison_of(report);
  if (comparison.cases.empty()) return table;
  const Table cases = compare_csv(comparison);
  table.columns.insert(table.columns.end(), cases.columns.begin() + 1, cases.columns.end());
  size_t valid = 0;
  for (const SweptPoint& point : report.points) {
    if (!point.figures) continue;
    std::vector<Cell> row(point.values.begin(), point.values.end());
    const std::vector<Cell>& figures = cases.rows[valid++];
    row.insert(row.end(), figures.begin() + 1, figures.end());
    table.rows.push_back(std::move(row));
  }
  return table;
}

ScatterPlot sweep_plot(const SweepReport& report) {
  const std::optional<SweepLine> found = sweep_line(report);
  if (!found) {
    fail(ErrorKind::kUsage,
         "a plot wants one key whose values are numbers, and three valid points");
  }
  ScatterPlot plot;
  plot.title = report.what + " on " + report.machine;
  plot.x_label = found->of;
  plot.y_label = "energy (uJ)";
  PlotSeries series{"points", {}};
  for (size_t i = 0; i < found->xs.size(); ++i) {
    series.points.push_back(
        {found->xs[i], found->ys[i], fmt::format("{} {:g}", found->of, found->xs[i])});
  }
  plot.series.push_back(std::move(series));
  const auto [low, high] = std::minmax_element(found->xs.begin(), found->xs.end());
  const auto at = [&](double x) { return found->line.intercept + found->line.slope * x; };
  plot.lines.push_back(
      {fmt::format("{:.4g} + {:.4g} {}", found->line.intercept, found->line.slope, found->of), *low,
       at(*low), *high, at(*high)});
  return plot;
}

}  // namespace wattgrind
