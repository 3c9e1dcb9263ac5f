#include "estimator/charts/legend.h"

#include <algorithm>

#include "estimator/charts/svg_parts.h"

namespace wattgrind {

DrawnLegend draw_legend(const std::vector<LegendEntry>& entries, double left, double right,
                        double top) {
  constexpr double kRow = 20, kSign = 30, kGap = 18;
  if (entries.empty()) return {};
  DrawnLegend legend;
  double x = left, y = top + kRow / 2;
  for (const LegendEntry& entry : entries) {
    const double room = std::max(40.0, right - left - kSign);
    const std::string name = fitted_text(entry.name, room, kChartFont);
    const double width = kSign + text_width(name, kChartFont);
    if (x > left && x + width > right) {
      x = left;
      y += kRow;
    }
    legend.svg += entry.sign(x + 12, y) + svg_text(x + kSign, y + 4, TextAnchor::kStart, name);
    x += width + kGap;
  }
  legend.height = y + kRow / 2 - top;
  return legend;
}

}  // namespace wattgrind
