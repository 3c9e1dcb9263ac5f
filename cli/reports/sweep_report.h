// Writes a sweep as tables, JSON, CSV and a plot.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/reports/compare_report.h"
#include "cli/terminal/table.h"
#include "estimator/calibration/line_interval.h"
#include "estimator/charts/svg_plot.h"

namespace wattgrind {

struct SweptPoint {
  std::vector<std::string> values;     // by key
  std::optional<CaseFigures> figures;  // absent: the point is invalid
  std::string error;                   // what is wrong with it
};

struct SweepReport {
  std::string what;
  std::string machine;
  std::vector<std::string> keys;
  std::vector<SweptPoint> points;
};

// Where one key varies and its values are numbers: energy over it, of an image's pixels where it is
// the size of a square input. Absent elsewhere, and where fewer than three points are valid.
struct SweepLine {
  std::string of;  // what the slope is by: "pixels", "batch"
  std::vector<double> xs, ys;
  LineWithIntervals line;
};
std::optional<SweepLine> sweep_line(const SweepReport& report);

// The same of the measured times, in microseconds: absent also where a point was not measured.
std::optional<SweepLine> measured_time_line(const SweepReport& report);

std::string sweep_text(const SweepReport& report, const TextPage& page);
nlohmann::ordered_json sweep_json(const SweepReport& report);
Table sweep_csv(const SweepReport& report);
// Energy over the points with the line. Throws Error(kUsage) where sweep_line() has none.
ScatterPlot sweep_plot(const SweepReport& report);

}  // namespace wattgrind
