// Scatter plots as SVG have points, reference lines, axes with round ticks, and a legend.
#pragma once

#include <string>
#include <vector>

namespace wattgrind {

struct PlotPoint {
  double x = 0;
  double y = 0;
  std::string label;  // what is shown when the pointer rests on the point
};

struct PlotSeries {
  std::string name;  // as the legend shows it
  std::vector<PlotPoint> points;
};

// A straight line, drawn from one point to another and named in the legend.
struct PlotLine {
  std::string name;
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

struct ScatterPlot {
  std::string title;
  std::string x_label;  // with the unit: "measured (J)"
  std::string y_label;
  std::vector<PlotSeries> series;  // each with a colour and a mark of its own; at most 6
  std::vector<PlotLine> lines;
};

// Draws an SVG document of 720 x 480 pixels. All coordinates must be finite, and there must be a
// point.
std::string to_svg(const ScatterPlot& plot);

// Returns about `count` ticks that are multiples of 1, 2 or 5 times a power of ten. The first is
// not above `low`, and the last not below `high`.
std::vector<double> round_ticks(double low, double high, int count);

}  // namespace wattgrind
