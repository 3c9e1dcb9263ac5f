#include "experiments/meter_free/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "estimator/charts/svg_plot.h"
#include "estimator/formats/csv.h"
#include "estimator/system/atomic_file.h"

namespace wattgrind {

void print_agreement(const std::string& title, const std::vector<Group>& groups) {
  fmt::print("{:<44} {:>6} {:>14} {:>14} {:>9} {:>9} {:>9}\n", title, "rows", "predicted/read",
             fmt::format("within {} (%)", kNear), "worst", "Spearman", "sure (%)");
  for (const Group& group : groups) {
    if (group.rows.empty()) continue;
    const Agreement all = agreement(group.rows);
    fmt::print("  {:<42} {:6} {:14.2f} {:14.0f} {:9.1f} {:9.3f} {:9.0f}\n", group.name, all.count,
               all.geometric_mean, 100 * all.within, all.worst_factor, all.rank_correlation,
               100 * all.covered);
  }
}

void draw(const std::string& name, const std::string& title, const std::string& unit,
          const std::vector<Group>& groups) {
  ScatterPlot plot{title, fmt::format("log10 of the reading ({})", unit),
                   fmt::format("log10 of the prediction ({})", unit)};
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const Group& group : groups) {
    if (group.rows.empty()) continue;
    PlotSeries series{group.name, {}};
    for (const Compared& row : group.rows) {
      const double x = std::log10(row.read), y = std::log10(row.predicted);
      series.points.push_back({x, y, row.name});
      low = std::min({low, x, y});
      high = std::max({high, x, y});
    }
    plot.series.push_back(std::move(series));
  }
  plot.lines.push_back({"equal", low, low, high, high});
  write_file(WATTGRIND_SOURCE_DIR "/experiments/meter_free/" + name + ".svg", to_svg(plot));
}

std::string rows_csv(const std::vector<Group>& groups) {
  std::string text = "group,row,predicted,read,factor\n";
  for (const Group& group : groups) {
    for (const Compared& row : group.rows) {
      text += fmt::format("{},{},{:.6g},{:.6g},{:.3g}\n", csv_field(group.name),
                          csv_field(row.name), row.predicted, row.read, row.factor);
    }
  }
  return text;
}

}  // namespace wattgrind
