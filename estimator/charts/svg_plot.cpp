#include "estimator/charts/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr double kWidth = 720, kHeight = 480;
constexpr double kTop = 44, kBottom = 56, kLeft = 84, kMargin = 16;
constexpr double kCharacter = 6.6;  // about the width of a character in the 12-pixel font
constexpr double kLegendRow = 20;

// The palette is Okabe and Ito's, whose colours colour-blind readers tell apart too.
constexpr std::array<std::string_view, 6> kColours = {"#0072b2", "#d55e00", "#009e73",
                                                      "#cc79a7", "#e69f00", "#56b4e9"};
constexpr std::array<std::string_view, 3> kDashes = {"none", "6 4", "2 3"};

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// An axis maps values between its outer ticks to pixels between its two ends.
class Axis {
 public:
  Axis(double low, double high, double first_pixel, double last_pixel)
      : ticks_(round_ticks(low, high, 6)), first_pixel_(first_pixel), last_pixel_(last_pixel) {}

  const std::vector<double>& ticks() const { return ticks_; }
  double pixel(double value) const {
    const double part = (value - ticks_.front()) / (ticks_.back() - ticks_.front());
    return first_pixel_ + part * (last_pixel_ - first_pixel_);
  }
  // A label has as many decimals as tell the ticks apart, and a true minus sign.
  std::string text(double tick) const {
    const double step = ticks_[1] - ticks_[0];
    const double largest = std::max(std::abs(ticks_.front()), std::abs(ticks_.back()));
    if (largest >= 1e6 || largest < 1e-3) return fmt::format("{:.3g}", tick);
    const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
    std::string text = fmt::format("{:.{}f}", std::abs(tick), decimals);
    return tick < -step / 2 ? "\u2212" + text : text;
  }

 private:
  std::vector<double> ticks_;
  double first_pixel_;
  double last_pixel_;
};

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
      for (const PlotPoint& point : each.points) extent.include(point.x, point.y);
    }
    for (const PlotLine& line : plot.lines) {
      extent.include(line.x0, line.y0);
      extent.include(line.x1, line.y1);
    }
    return extent;
  }
  check_failed(__FILE__, __LINE__, "a plot has a point", plot.title);
}

double legend_width(const ScatterPlot& plot) {
  size_t longest = 0;
  for (const PlotSeries& series : plot.series) longest = std::max(longest, series.name.size());
  for (const PlotLine& line : plot.lines) longest = std::max(longest, line.name.size());
  return 44 + kCharacter * static_cast<double>(longest);
}

// Marks are a circle, square, triangle or diamond, and every other one is hollow, so that two marks
// on one spot both show.
std::string mark(size_t series, double x, double y, std::string_view inside) {
  const std::string_view colour = kColours[series];
  const bool hollow = (series % 2 == 1) != (series >= 4);
  const std::string style =
      fmt::format(R"(fill="{}" stroke="{}" stroke-width="1.5")", hollow ? "none" : colour, colour);
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
  return fmt::format("<{0} {1} {2}>{3}</{0}>\n", tag, shape, style, inside);
}

std::string stroke(size_t line, double x0, double y0, double x1, double y1) {
  return fmt::format(
      R"(<line x1="{:.2f}" y1="{:.2f}" x2="{:.2f}" y2="{:.2f}" stroke="#555" stroke-width="1.2" )"
      "stroke-dasharray=\"{}\"/>\n",
      x0, y0, x1, y1, kDashes[line % kDashes.size()]);
}

std::string text(double x, double y, std::string_view anchor, std::string_view content,
                 std::string_view more = "") {
  return fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                     anchor, more, escaped(content));
}

std::string draw_axes(const ScatterPlot& plot, const Axis& x, const Axis& y, double right) {
  const double bottom = kHeight - kBottom;
  std::string svg;
  for (const double tick : x.ticks()) {
    const double at = x.pixel(tick);
    svg += fmt::format("<path d=\"M{:.2f} {}V{}\" stroke=\"#ddd\"/>\n", at, kTop, bottom);
    svg += text(at, bottom + 18, "middle", x.text(tick));
  }
  for (const double tick : y.ticks()) {
    const double at = y.pixel(tick);
    svg += fmt::format("<path d=\"M{} {:.2f}H{:.2f}\" stroke=\"#ddd\"/>\n", kLeft, at, right);
    svg += text(kLeft - 8, at + 4, "end", y.text(tick));
  }
  svg += fmt::format("<path d=\"M{} {}V{}H{:.2f}\" fill=\"none\" stroke=\"#333\"/>\n", kLeft, kTop,
                     bottom, right);
  svg += text((kLeft + right) / 2, kHeight - 14, "middle", plot.x_label);
  const double middle = (kTop + bottom) / 2;
  svg += text(20, middle, "middle", plot.y_label,
              fmt::format(" transform=\"rotate(-90 20 {:.2f})\"", middle));
  svg += text(kLeft, 26, "start", plot.title, " font-weight=\"bold\" font-size=\"14\"");
  return svg;
}

std::string draw_legend(const ScatterPlot& plot, double left) {
  std::string svg;
  double y = kTop + 12;
  for (size_t i = 0; i < plot.series.size(); ++i, y += kLegendRow) {
    svg += mark(i, left + 14, y - 4, "");
    svg += text(left + 34, y, "start", plot.series[i].name);
  }
  for (size_t i = 0; i < plot.lines.size(); ++i, y += kLegendRow) {
    svg += stroke(i, left + 2, y - 4, left + 26, y - 4);
    svg += text(left + 34, y, "start", plot.lines[i].name);
  }
  return svg;
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
  CHECK(std::isfinite(low) && std::isfinite(high) && low <= high && count >= 2, "{} to {} in {}",
        low, high, count);
  if (low == high) {  // a single value gets room on both sides
    const double room = low == 0 ? 1 : std::abs(low) / 2;
    low -= room;
    high += room;
  }
  const double rough = (high - low) / (count - 1);
  const double magnitude = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / magnitude;
  const double step = magnitude * (lead < 1.4 ? 1 : lead < 3.2 ? 2 : lead < 7 ? 5 : 10);
  // A little slack keeps 0.30000000000000004 from needing one more tick.
  const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
  std::vector<double> ticks;
  for (double i = first; i <= last; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string to_svg(const ScatterPlot& plot) {
  CHECK(plot.series.size() <= kColours.size(), "{} series", plot.series.size());
  const AxesExtent extent = extent_of(plot);
  const double right = kWidth - kMargin - legend_width(plot);
  const Axis x(extent.low_x, extent.high_x, kLeft, right);
  const Axis y(extent.low_y, extent.high_y, kHeight - kBottom, kTop);
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" )"
      "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      kWidth, kHeight);
  svg += draw_axes(plot, x, y, right);
  for (size_t i = 0; i < plot.lines.size(); ++i) {
    const PlotLine& line = plot.lines[i];
    svg += stroke(i, x.pixel(line.x0), y.pixel(line.y0), x.pixel(line.x1), y.pixel(line.y1));
  }
  for (size_t i = 0; i < plot.series.size(); ++i) {
    for (const PlotPoint& point : plot.series[i].points) {
      const std::string title =
          point.label.empty() ? "" : "<title>" + escaped(point.label) + "</title>";
      svg += mark(i, x.pixel(point.x), y.pixel(point.y), title);
    }
  }
  return svg + draw_legend(plot, right + 12) + "</svg>\n";
}

}  // namespace wattgrind
