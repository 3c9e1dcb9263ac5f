#include "estimator/charts/bar_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "estimator/base/error.h"
#include "estimator/charts/axis.h"
#include "estimator/charts/chart_style.h"
#include "estimator/charts/legend.h"

namespace wattgrind {
namespace {

constexpr double kBarsWidth = 720, kBarsTop = 34, kBarPitch = 20, kBarHeight = 14;
constexpr double kBarsMargin = 24, kMostLabel = 210, kAmountRoom = 64, kBarsBottom = 44;

double sum_of(const Bar& bar) { return std::accumulate(bar.parts.begin(), bar.parts.end(), 0.0); }

std::vector<LegendEntry> part_entries(const BarChart& chart) {
  std::vector<LegendEntry> entries;
  for (size_t i = 0; i < chart.parts.size(); ++i) {
    entries.push_back({chart.parts[i], [i](double x, double y) {
                         return svg_rect(x - 7, y - 7, 14, 14, "bar " + series_class(i));
                       }});
  }
  return entries;
}

// One bar: its label, its parts from left to right, and what they come to.
std::string draw_bar(const BarChart& chart, const Bar& bar, const ChartAxis& axis, double factor,
                     double left, double y) {
  CHECK(bar.parts.size() == chart.parts.size(), "{} parts of {}", bar.parts.size(),
        chart.parts.size());
  std::string svg = bar.row < 0 ? "<g>" : fmt::format("<g data-row=\"{}\">", bar.row);
  svg +=
      svg_text(left - 8, y + 11, TextAnchor::kEnd, fitted_text(bar.label, kMostLabel, kChartFont));
  double from = 0;
  for (size_t i = 0; i < bar.parts.size(); ++i) {
    const double part = bar.parts[i];
    CHECK(part >= 0 && std::isfinite(part), "{} of {}", part, bar.label);
    const double start = axis.pixel(from * factor), end = axis.pixel((from + part) * factor);
    from += part;
    if (end - start < 0.05) continue;  // too narrow to be seen
    const std::string name = chart.parts.size() == 1 ? "" : ", " + chart.parts[i];
    svg += svg_rect(
        start, y, end - start, kBarHeight, "bar " + series_class(i),
        svg_title(fmt::format("{}{}: {}", bar.label, name, shown_amount(part, chart.unit))));
  }
  svg += svg_text(axis.pixel(from * factor) + 6, y + 11, TextAnchor::kStart,
                  shown_amount(from, chart.unit), "soft small");
  return svg + "</g>\n";
}

}  // namespace

std::string to_svg(const BarChart& chart, SvgUse use) {
  CHECK(!chart.bars.empty() && !chart.parts.empty(), "{} bars of {} parts", chart.bars.size(),
        chart.parts.size());
  double widest = 0, largest = 0;
  for (const Bar& bar : chart.bars) {
    widest = std::max(widest, std::min(kMostLabel, text_width(bar.label, kChartFont)));
    largest = std::max(largest, sum_of(bar));
  }
  const double left = kBarsMargin + widest;
  const double right = kBarsWidth - kBarsMargin - kAmountRoom;
  const ShownUnit unit = shown_unit(largest, chart.unit);
  // Ticks are round in the unit that is axis.
  const ChartAxis axis(AxisScale::kLinear, 0, largest > 0 ? largest * unit.factor : 1, left, right);
  const DrawnLegend legend =
      chart.parts.size() > 1
          ? draw_legend(part_entries(chart), kBarsMargin, kBarsWidth - kBarsMargin, kBarsTop)
          : DrawnLegend{};
  const double top = kBarsTop + legend.height + 8;
  const double bottom = top + kBarPitch * static_cast<double>(chart.bars.size());
  std::string svg = svg_text(kBarsMargin, 22, TextAnchor::kStart,
                             fitted_text(chart.title, kBarsWidth - 2 * kBarsMargin, 15), "title");
  svg += legend.svg;
  for (const double tick : axis.ticks()) {
    const double at = axis.pixel(tick);
    svg += svg_line(at, top, at, bottom, "grid");
    svg += svg_text(at, bottom + 16, TextAnchor::kMiddle, axis.text(tick));
  }
  for (size_t i = 0; i < chart.bars.size(); ++i) {
    svg += draw_bar(chart, chart.bars[i], axis, unit.factor, left,
                    top + kBarPitch * static_cast<double>(i) + (kBarPitch - kBarHeight) / 2);
  }
  svg += svg_line(left, top, left, bottom, "axis");
  svg += svg_text((left + right) / 2, bottom + 34, TextAnchor::kMiddle,
                  axis_title(chart.value_name, unit));
  return svg_document(kBarsWidth, bottom + kBarsBottom, chart.title, svg, use);
}

}  // namespace wattgrind
