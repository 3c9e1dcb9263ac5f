#include "estimator/charts/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "estimator/base/error.h"
#include "estimator/charts/axis.h"
#include "estimator/charts/chart_style.h"

namespace wattgrind {
namespace {

constexpr double kMapWidth = 720, kMapMargin = 24, kMapTop = 76, kCellHeight = 26;
constexpr double kMostRowLabel = 150;

struct AmountRange {
  double low = std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::lowest();
};

AmountRange range_of(const HeatMap& map) {
  AmountRange range;
  for (const auto& row : map.values) {
    for (const auto& value : row) {
      if (!value) continue;
      range.low = std::min(range.low, *value);
      range.high = std::max(range.high, *value);
    }
  }
  CHECK(range.low <= range.high, "no amount in {}", map.title);
  return range;
}

// The nine steps with the least and the largest amount at their ends.
std::string draw_scale(const HeatMap& map, const AmountRange& range, double left) {
  constexpr double kStepWidth = 22, kScaleTop = 36;
  std::string svg;
  const std::string low = map.value_name + " " + shown_amount(range.low, map.unit);
  double x = left + text_width(low, kChartFont) + 8;
  svg += svg_text(left, kScaleTop + 12, TextAnchor::kStart, low);
  for (size_t step = 0; step < kHeatSteps; ++step, x += kStepWidth) {
    svg +=
        fmt::format("<g class=\"h{}\">{}</g>", step, svg_rect(x, kScaleTop, kStepWidth, 16, "box"));
  }
  return svg +
         svg_text(x + 8, kScaleTop + 12, TextAnchor::kStart, shown_amount(range.high, map.unit));
}

std::string draw_cell(const HeatMap& map, const AmountRange& range, size_t row, size_t column,
                      double x, double width) {
  const std::optional<double>& value = map.values[row][column];
  if (!value) return "";
  const double y = kMapTop + kCellHeight * static_cast<double>(row);
  const std::string amount = shown_amount(*value, map.unit);
  std::string svg = fmt::format("<g class=\"h{}\">{}", heat_step(*value, range.low, range.high),
                                svg_title(fmt::format("{} {}, {} {}: {}", map.y_name, map.rows[row],
                                                      map.x_name, map.columns[column], amount)));
  svg += svg_rect(x, y, width, kCellHeight, "box");
  if (text_width(amount, 11) < width - 4) {
    svg += svg_text(x + width / 2, y + 17, TextAnchor::kMiddle, amount, "small");
  }
  return svg + "</g>\n";
}

}  // namespace

std::string to_svg(const HeatMap& map, SvgUse use) {
  CHECK(map.values.size() == map.rows.size() && !map.columns.empty(), "{} rows of {}",
        map.values.size(), map.rows.size());
  const AmountRange range = range_of(map);
  double widest = 0;
  for (const std::string& row : map.rows) {
    widest = std::max(widest, std::min(kMostRowLabel, text_width(row, kChartFont)));
  }
  const double left = kMapMargin + 30 + widest;
  const double width =
      std::min(110.0, (kMapWidth - kMapMargin - left) / static_cast<double>(map.columns.size()));
  const double bottom = kMapTop + kCellHeight * static_cast<double>(map.rows.size());
  std::string svg = svg_text(kMapMargin, 22, TextAnchor::kStart,
                             fitted_text(map.title, kMapWidth - 2 * kMapMargin, 15), "title");
  svg += draw_scale(map, range, kMapMargin);
  for (size_t row = 0; row < map.rows.size(); ++row) {
    svg += svg_text(left - 8, kMapTop + kCellHeight * static_cast<double>(row) + 17,
                    TextAnchor::kEnd, fitted_text(map.rows[row], kMostRowLabel, kChartFont));
    for (size_t column = 0; column < map.columns.size(); ++column) {
      svg += draw_cell(map, range, row, column, left + width * static_cast<double>(column), width);
    }
  }
  // Labels of narrow columns are thinned out until they fit.
  double most = 0;
  for (const std::string& column : map.columns) {
    most = std::max(most, std::min(90.0, text_width(column, kChartFont)));
  }
  const auto every = static_cast<size_t>((most + 8) / width) + 1;
  for (size_t column = 0; column < map.columns.size(); column += every) {
    svg += svg_text(left + width * (static_cast<double>(column) + 0.5), bottom + 18,
                    TextAnchor::kMiddle, fitted_text(map.columns[column], 90, kChartFont));
  }
  const double middle = left + width * static_cast<double>(map.columns.size()) / 2;
  svg += svg_text(middle, bottom + 38, TextAnchor::kMiddle, map.x_name);
  const double height = (kMapTop + bottom) / 2;
  svg += svg_text(20, height, TextAnchor::kMiddle, map.y_name, "",
                  fmt::format(" transform=\"rotate(-90 20 {})\"", pixels(height)));
  return svg_document(kMapWidth, bottom + 48, map.title, svg, use);
}

}  // namespace wattgrind
