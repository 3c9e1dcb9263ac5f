// The legend of a chart: its entries in rows below the title.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace wattgrind {

struct LegendEntry {
  std::string name;
  // Draws the entry's sign, whose middle is at (x, y) and which is at most 24 pixels wide.
  std::function<std::string(double x, double y)> sign;
};

// A legend between two edges; it grows downwards from `top` as names need rows.
struct DrawnLegend {
  std::string svg;
  double height = 0;
};
DrawnLegend draw_legend(const std::vector<LegendEntry>& entries, double left, double right,
                        double top);

}  // namespace wattgrind
