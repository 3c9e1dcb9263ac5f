#include "estimator/charts/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "estimator/base/error.h"
#include "estimator/charts/chart_style.h"
#include "estimator/charts/legend.h"

namespace wattgrind {
namespace {

constexpr double kPlotWidth = 720;
constexpr double kPlotTop = 36, kPlotBottom = 52, kPlotMargin = 24;
constexpr size_t kPlotDashes = 3;

struct AxesExtent {
  double low_x, high_x, low_y, high_y;

  void include(double x, double y) {
    CHECK(std::isfinite(x) && std::isfinite(y), "a point at {}, {}", x, y);
    low_x = std::min(low_x, x);
    high_x = std::max(high_x, x);
    low_y = std::min(low_y, y);
    high_y = std::max(high_y, y);
  }
};

AxesExtent extent_of(const ScatterPlot& plot) {
  for (const PlotSeries& series : plot.series) {
    if (series.points.empty()) continue;
    const PlotPoint& first = series.points.front();
    AxesExtent extent{first.x, first.x, first.y, first.y};
    for (const PlotSeries& each : plot.series) {
      for (const PlotPoint& point : each.points) {
        extent.include(point.x, point.y);
        extent.include(point.x, point.low_y.value_or(point.y));
        extent.include(point.x, point.high_y.value_or(point.y));
      }
    }
    for (const PlotLine& line : plot.lines) {
      extent.include(line.x0, line.y0);
      extent.include(line.x1, line.y1);
    }
    return extent;
  }
  check_failed(__FILE__, __LINE__, "a plot has a point", plot.title);
}

// Marks are a circle, square, triangle or diamond, and every other one is hollow, so that two marks
// on one spot both show.
std::string mark(size_t series, double x, double y, std::string_view inside) {
  const bool hollow = (series % 2 == 1) != (series >= 4);
  const std::string classes =
      fmt::format("mark {}{}", series_class(series), hollow ? " hollow" : "");
  std::string_view tag = "path";
  std::string shape;
  switch (series % 4) {
    case 0:
      tag = "circle";
      shape = fmt::format(R"(cx="{:.2f}" cy="{:.2f}" r="4")", x, y);
      break;
    case 1:
      tag = "rect";
      shape = fmt::format(R"(x="{:.2f}" y="{:.2f}" width="7" height="7")", x - 3.5, y - 3.5);
      break;
    case 2:
      shape = fmt::format(R"(d="M{:.2f} {:.2f}l4.5 8h-9z")", x, y - 5);
      break;
    default:
      shape = fmt::format(R"(d="M{:.2f} {:.2f}l4.8 4.8l-4.8 4.8l-4.8 -4.8z")", x, y - 4.8);
  }
  return fmt::format("<{0} {1} class=\"{2}\">{3}</{0}>\n", tag, shape, classes, inside);
}

std::string mean_line(size_t line, double x0, double y0, double x1, double y1) {
  return svg_line(x0, y0, x1, y1, fmt::format("mean dash{}", line % kPlotDashes));
}

bool has_marks(PlotStyle style) {
  return style == PlotStyle::kMarks || style == PlotStyle::kJoined;
}

std::vector<LegendEntry> legend_of(const ScatterPlot& plot) {
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const PlotStyle style = plot.series[i].style;
    entries.push_back({plot.series[i].name, [i, style](double x, double y) {
                         const std::string line =
                             style == PlotStyle::kMarks
                                 ? ""
                                 : svg_line(x - 12, y, x + 12, y, "line " + series_class(i));
                         return line + (has_marks(style) ? mark(i, x, y, "") : "");
                       }});
  }
  for (size_t i = 0; i < plot.lines.size(); ++i) {
    entries.push_back({plot.lines[i].name,
                       [i](double x, double y) { return mean_line(i, x - 12, y, x + 12, y); }});
  }
  return entries;
}

// The room inside the axes, with the mappings of both.
struct PlotArea {
  double left, right, top, bottom;
  ChartAxis x, y;
};

std::string draw_axes(const ScatterPlot& plot, const PlotArea& area) {
  std::string svg;
  double free_from = 0;  // where the last label of the x axis ends
  for (const double tick : area.x.ticks()) {
    const double at = area.x.pixel(tick);
    svg += svg_line(at, area.top, at, area.bottom, "grid");
    const std::string text = area.x.text(tick);
    const double half = text_width(text, kChartFont) / 2;
    if (at - half < free_from) continue;
    free_from = at + half + 6;
    svg += svg_text(at, area.bottom + 18, TextAnchor::kMiddle, text);
  }
  for (const double tick : area.y.ticks()) {
    const double at = area.y.pixel(tick);
    svg += svg_line(area.left, at, area.right, at, "grid");
    svg += svg_text(area.left - 8, at + 4, TextAnchor::kEnd, area.y.text(tick));
  }
  svg += fmt::format("<path d=\"M{} {}V{}H{}\" class=\"axis\"/>\n", pixels(area.left),
                     pixels(area.top), pixels(area.bottom), pixels(area.right));
  svg +=
      svg_text((area.left + area.right) / 2, plot.height - 12, TextAnchor::kMiddle, plot.x_label);
  const double middle = (area.top + area.bottom) / 2;
  svg += svg_text(18, middle, TextAnchor::kMiddle, plot.y_label, "",
                  fmt::format(" transform=\"rotate(-90 18 {})\"", pixels(middle)));
  return svg;
}

std::string line_through(const PlotSeries& series, size_t number, const PlotArea& area) {
  if (series.style == PlotStyle::kMarks || series.points.size() < 2) return "";
  std::string path;
  double last_y = 0;
  for (const PlotPoint& point : series.points) {
    const double x = area.x.pixel(point.x), y = area.y.pixel(point.y);
    if (path.empty()) {
      path = fmt::format("M{} {}", pixels(x), pixels(y));
    } else if (series.style == PlotStyle::kSteps) {
      path += fmt::format("H{}", pixels(x));
      if (y != last_y) path += fmt::format("V{}", pixels(y));
    } else {
      path += fmt::format("L{} {}", pixels(x), pixels(y));
    }
    last_y = y;
  }
  return fmt::format("<path d=\"{}\" class=\"line {}\"/>\n", path, series_class(number));
}

std::string error_bar(const PlotPoint& point, size_t series, const PlotArea& area) {
  if (!point.low_y && !point.high_y) return "";
  const double x = area.x.pixel(point.x);
  const double low = area.y.pixel(point.low_y.value_or(point.y));
  const double high = area.y.pixel(point.high_y.value_or(point.y));
  return fmt::format("<path d=\"M{0} {1}V{2}M{3} {1}h6M{3} {2}h6\" class=\"line thin {4}\"/>\n",
                     pixels(x), pixels(low), pixels(high), pixels(x - 3), series_class(series));
}

std::string draw_series(const ScatterPlot& plot, const PlotArea& area) {
  std::string svg;
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const PlotSeries& series = plot.series[i];
    svg += line_through(series, i, area);
    if (!has_marks(series.style)) continue;
    for (const PlotPoint& point : series.points) {
      svg += error_bar(point, i, area);
      svg += mark(i, area.x.pixel(point.x), area.y.pixel(point.y), svg_title(point.label));
    }
  }
  return svg;
}

// How wide the labels of the y axis are.
double label_room(const ChartAxis& axis) {
  double widest = 0;
  for (const double tick : axis.ticks()) {
    widest = std::max(widest, text_width(axis.text(tick), kChartFont));
  }
  return widest;
}

}  // namespace

std::string to_svg(const ScatterPlot& plot, SvgUse use) {
  CHECK(plot.series.size() <= kSeriesColours, "{} series", plot.series.size());
  const AxesExtent extent = extent_of(plot);
  const double right = kPlotWidth - kPlotMargin, bottom = plot.height - kPlotBottom;
  const auto y_axis = [&](double top) {
    return ChartAxis(plot.y_scale, extent.low_y, extent.high_y, bottom, top);
  };
  const double left = 40 + label_room(y_axis(kPlotTop));
  const DrawnLegend legend = draw_legend(legend_of(plot), left, right, kPlotTop);
  const double top = kPlotTop + legend.height + 10;
  const PlotArea area{left,
                      right,
                      top,
                      bottom,
                      ChartAxis(plot.x_scale, extent.low_x, extent.high_x, left, right),
                      y_axis(top)};
  std::string svg =
      svg_text(left, 22, TextAnchor::kStart, fitted_text(plot.title, right - left, 15), "title");
  svg += legend.svg + draw_axes(plot, area);
  for (size_t i = 0; i < plot.lines.size(); ++i) {
    const PlotLine& line = plot.lines[i];
    svg += mean_line(i, area.x.pixel(line.x0), area.y.pixel(line.y0), area.x.pixel(line.x1),
                     area.y.pixel(line.y1));
  }
  svg += draw_series(plot, area);
  return svg_document(kPlotWidth, plot.height, plot.title, svg, use);
}

}  // namespace wattgrind
