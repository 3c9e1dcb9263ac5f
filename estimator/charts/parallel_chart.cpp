#include "estimator/charts/parallel_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "estimator/base/error.h"
#include "estimator/charts/chart_style.h"

namespace wattgrind {
namespace {

constexpr double kParallelHeight = 400, kParallelTop = 86, kParallelBottom = 370;
constexpr double kParallelMargin = 60, kAxisRoom = 116;

ChartAxis axis_of(const ParallelChart& chart, size_t number) {
  const ParallelAxis& axis = chart.axes[number];
  if (!axis.words.empty()) {
    return {AxisScale::kLinear, 0, std::max(1.0, static_cast<double>(axis.words.size()) - 1),
            kParallelBottom, kParallelTop};
  }
  double low = std::numeric_limits<double>::max(), high = std::numeric_limits<double>::lowest();
  for (const ParallelLine& line : chart.lines) {
    if (!line.values[number]) continue;
    low = std::min(low, *line.values[number]);
    high = std::max(high, *line.values[number]);
  }
  CHECK(low <= high, "no value along {}", axis.name);
  return {axis.scale, low, high, kParallelBottom, kParallelTop};
}

std::string draw_axis(const ParallelAxis& axis, const ChartAxis& along, double x) {
  std::string svg = svg_line(x, kParallelTop, x, kParallelBottom, "axis");
  svg += svg_text(x, kParallelTop - 14, TextAnchor::kMiddle,
                  fitted_text(axis.name, kAxisRoom - 8, kChartFont));
  if (!axis.words.empty()) {
    for (size_t i = 0; i < axis.words.size(); ++i) {
      svg += svg_text(x + 5, along.pixel(static_cast<double>(i)) + 4, TextAnchor::kStart,
                      fitted_text(axis.words[i], kAxisRoom - 16, 11), "small");
    }
    return svg;
  }
  for (const double tick : along.ticks()) {
    const double y = along.pixel(tick);
    svg += svg_line(x - 3, y, x + 3, y, "axis");
    svg += svg_text(x + 6, y + 4, TextAnchor::kStart, along.text(tick), "small");
  }
  return svg;
}

std::string draw_line(const ParallelLine& line, const std::vector<ChartAxis>& axes, size_t step) {
  std::string path;
  bool down = false;  // whether the last axis had a value
  for (size_t i = 0; i < axes.size(); ++i) {
    if (line.values[i]) {
      path += fmt::format("{}{} {}", down ? "L" : "M",
                          pixels(kParallelMargin + kAxisRoom * static_cast<double>(i)),
                          pixels(axes[i].pixel(*line.values[i])));
    }
    down = line.values[i].has_value();
  }
  return fmt::format("<path d=\"{}\" class=\"line h{}{}\">{}</path>\n", path, step,
                     line.strong ? " strong" : " thin", svg_title(line.label));
}

}  // namespace

std::string to_svg(const ParallelChart& chart, SvgUse use) {
  CHECK(chart.axes.size() >= 2 && !chart.lines.empty(), "{} axes, {} lines", chart.axes.size(),
        chart.lines.size());
  double low = chart.lines.front().shade, high = low;
  for (const ParallelLine& line : chart.lines) {
    CHECK(line.values.size() == chart.axes.size(), "{} values along {} axes", line.values.size(),
          chart.axes.size());
    low = std::min(low, line.shade);
    high = std::max(high, line.shade);
  }
  std::vector<ChartAxis> axes;
  for (size_t i = 0; i < chart.axes.size(); ++i) axes.push_back(axis_of(chart, i));
  const double width =
      2 * kParallelMargin + 40 + kAxisRoom * static_cast<double>(chart.axes.size() - 1);
  const double left = 24;
  std::string svg = svg_text(left, 22, TextAnchor::kStart, chart.title, "title");
  svg += svg_text(left, 46, TextAnchor::kStart, chart.shade_name, "soft");
  // The palest lines would be lost on paper: steps begin with the fourth.
  constexpr size_t kPalest = 3;
  for (const bool strong : {false, true}) {
    for (const ParallelLine& line : chart.lines) {
      if (line.strong != strong) continue;
      svg += draw_line(line, axes, std::max(kPalest, heat_step(line.shade, low, high)));
    }
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    svg += draw_axis(chart.axes[i], axes[i], kParallelMargin + kAxisRoom * static_cast<double>(i));
  }
  return svg_document(std::max(width, 360.0), kParallelHeight, chart.title, svg, use);
}

}  // namespace wattgrind
