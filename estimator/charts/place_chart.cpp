#include "estimator/charts/place_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "estimator/base/error.h"
#include "estimator/charts/axis.h"
#include "estimator/charts/chart_style.h"
#include "estimator/charts/legend.h"

namespace wattgrind {
namespace {

constexpr double kPlacesWidth = 720, kPlacesHeight = 420, kPlacesMargin = 24;
constexpr double kPlacesTop = 64, kPlacesBottom = kPlacesHeight - 52;

// Neighbours get different colours: those that the palette gives to few series.
std::string place_class(size_t place) {
  constexpr size_t kColoursOfPlaces = 5;
  return "bar " + series_class(place % kColoursOfPlaces) + " pale";
}

std::string draw_place(const TimedPlace& place, size_t number, const ChartAxis& x,
                       const ChartAxis& y, double factor) {
  const double left = x.pixel(static_cast<double>(place.first));
  const double right = x.pixel(static_cast<double>(place.last + 1));
  const double top = y.pixel(static_cast<double>(place.offset + place.bytes) * factor);
  const double bottom = y.pixel(static_cast<double>(place.offset) * factor);
  std::string svg =
      svg_rect(left, top, right - left, std::max(0.5, bottom - top), place_class(number),
               svg_title(fmt::format("{}: {}, steps {} to {}", place.name,
                                     shown_amount(static_cast<double>(place.bytes), "B"),
                                     place.first, place.last)));
  const std::string name = fitted_text(place.name, right - left - 6, 11);
  if (bottom - top > 14 && right - left > 46) {
    svg += svg_text((left + right) / 2, (top + bottom) / 2 + 4, TextAnchor::kMiddle, name, "small");
  }
  return svg;
}

std::string draw_alive(const std::vector<uint64_t>& alive, const ChartAxis& x, const ChartAxis& y,
                       double factor) {
  std::string path;
  for (size_t step = 0; step < alive.size(); ++step) {
    path += fmt::format("{}{}V{}H{}", path.empty() ? "M" : "H",
                        path.empty() ? pixels(x.pixel(0)) + " " + pixels(y.pixel(0))
                                     : pixels(x.pixel(static_cast<double>(step))),
                        pixels(y.pixel(static_cast<double>(alive[step]) * factor)),
                        pixels(x.pixel(static_cast<double>(step + 1))));
  }
  return fmt::format("<path d=\"{}\" class=\"line {}\"/>\n", path, series_class(5));
}

}  // namespace

std::vector<uint64_t> bytes_alive(const std::vector<TimedPlace>& places) {
  // What comes to life in a step, less what has died before it, adds up to what is alive.
  std::vector<uint64_t> alive;
  for (const TimedPlace& place : places) {
    if (alive.size() < place.last + 2) alive.resize(place.last + 2);
    alive[place.first] += place.bytes;
    alive[place.last + 1] -= place.bytes;
  }
  std::partial_sum(alive.begin(), alive.end(), alive.begin());
  if (!alive.empty()) alive.pop_back();
  return alive;
}

std::string to_svg(const PlaceChart& chart, SvgUse use) {
  CHECK(!chart.places.empty(), "no place in {}", chart.title);
  const std::vector<uint64_t> alive = bytes_alive(chart.places);
  uint64_t end = *std::max_element(alive.begin(), alive.end());
  for (const TimedPlace& place : chart.places) end = std::max(end, place.offset + place.bytes);
  const ShownUnit unit = shown_unit(static_cast<double>(end), "B");
  const double left = kPlacesMargin + 56, right = kPlacesWidth - kPlacesMargin;
  const ChartAxis x(AxisScale::kLinear, 0, static_cast<double>(alive.size()), left, right);
  const ChartAxis y(AxisScale::kLinear, 0, std::max(1.0, static_cast<double>(end) * unit.factor),
                    kPlacesBottom, kPlacesTop);
  std::string svg =
      svg_text(left, 22, TextAnchor::kStart, fitted_text(chart.title, right - left, 15), "title");
  svg +=
      draw_legend({{"a buffer, where it lies and while it is used",
                    [](double at, double middle) {
                      return svg_rect(at - 7, middle - 7, 14, 14, place_class(0));
                    }},
                   {"bytes in use",
                    [](double at, double middle) {
                      return svg_line(at - 12, middle, at + 12, middle, "line " + series_class(5));
                    }}},
                  left, right, 34)
          .svg;
  for (const double tick : y.ticks()) {
    svg += svg_line(left, y.pixel(tick), right, y.pixel(tick), "grid");
    svg += svg_text(left - 8, y.pixel(tick) + 4, TextAnchor::kEnd, y.text(tick));
  }
  for (const double tick : x.ticks()) {
    svg += svg_text(x.pixel(tick), kPlacesBottom + 18, TextAnchor::kMiddle, x.text(tick));
  }
  for (size_t i = 0; i < chart.places.size(); ++i) {
    svg += draw_place(chart.places[i], i, x, y, unit.factor);
  }
  svg += draw_alive(alive, x, y, unit.factor);
  svg += fmt::format("<path d=\"M{} {}V{}H{}\" class=\"axis\"/>\n", pixels(left),
                     pixels(kPlacesTop), pixels(kPlacesBottom), pixels(right));
  svg += svg_text((left + right) / 2, kPlacesHeight - 12, TextAnchor::kMiddle, chart.time_name);
  const double middle = (kPlacesTop + kPlacesBottom) / 2;
  svg += svg_text(18, middle, TextAnchor::kMiddle, axis_title("address", unit), "",
                  fmt::format(" transform=\"rotate(-90 18 {})\"", pixels(middle)));
  return svg_document(kPlacesWidth, kPlacesHeight, chart.title, svg, use);
}

}  // namespace wattgrind
