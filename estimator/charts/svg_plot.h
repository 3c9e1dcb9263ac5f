// Plots of points and lines as SVG: axes with round ticks, error bars, reference lines, a legend.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimator/charts/axis.h"
#include "estimator/charts/svg_parts.h"

namespace wattgrind {

struct PlotPoint {
  double x = 0;
  double y = 0;
  std::string label = {};  // what is shown when the pointer rests on the point
  // The ends of its error bar; absent: it has none.
  std::optional<double> low_y = {}, high_y = {};
};

enum class PlotStyle {
  kMarks,   // each point has a mark
  kJoined,  // marks, with a line through them in their order
  kLine,    // a line without marks
  kSteps    // a line that keeps its height from each point to the next
};

struct PlotSeries {
  std::string name;  // as the legend shows it
  std::vector<PlotPoint> points;
  PlotStyle style = PlotStyle::kMarks;
};

// A straight line, drawn from one point to another and named in the legend. On a logarithmic axis
// it is straight there.
struct PlotLine {
  std::string name;
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

// The plot of one relation. Coordinates must be finite, above 0 along a logarithmic axis, and there
// must be a point.
struct ScatterPlot {
  std::string title;
  std::string x_label;  // with the unit: "measured (J)"
  std::string y_label;
  std::vector<PlotSeries> series;  // each with a colour and a mark of its own; at most 8
  std::vector<PlotLine> lines;
  AxisScale x_scale = AxisScale::kLinear;
  AxisScale y_scale = AxisScale::kLinear;
  double height = 480;
};

// Draws 720 pixels by the plot's height.
std::string to_svg(const ScatterPlot& plot, SvgUse use = SvgUse::kAlone);

}  // namespace wattgrind
