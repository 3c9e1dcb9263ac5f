#include "estimator/charts/chart_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr std::array<std::string_view, kSeriesColours> kSeries = {
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f"};
constexpr std::array<std::string_view, kHeatSteps> kHeat = {"#ffffd9", "#edf8b1", "#c7e9b4",
                                                            "#7fcdbb", "#41b6c4", "#1d91c0",
                                                            "#225ea8", "#253494", "#081d58"};
// From this step on, white text is the more readable.
constexpr size_t kFirstDark = 6;

std::string_view ink_on(size_t colour) { return colour >= kFirstDark ? "#fff" : "#111"; }

std::string heat_rule(std::string_view selector, size_t step, size_t colour) {
  return fmt::format("{0}{1} rect{{fill:{2}}}{0}{1} text{{fill:{3}}}", selector, step,
                     kHeat[colour], ink_on(colour));
}

// Grounds, inks and grids of a theme.
std::string theme(std::string_view paper, std::string_view ink, std::string_view soft,
                  std::string_view grid) {
  return fmt::format(
      ".chart .paper{{fill:{0};stroke:none}}.chart text{{fill:{1}}}.chart .soft{{fill:{2}}}\n"
      ".chart .axis{{stroke:{1}}}.chart .grid{{stroke:{3}}}.chart .mean{{stroke:{2}}}\n"
      ".chart .edge{{stroke:{2}}}.chart .bar,.chart .box{{stroke:{1}}}"
      ".chart .plain rect{{fill:{0}}}\n",
      paper, ink, soft, grid);
}

}  // namespace

std::string series_class(size_t series) {
  return fmt::format("s{}{}", series % kSeriesColours, series >= kSeriesColours ? " pale" : "");
}

size_t heat_step(double value, double low, double high) {
  CHECK(std::isfinite(value) && low <= value && value <= high, "{} of {} to {}", value, low, high);
  if (low == high) return 0;
  const double part = (value - low) / (high - low);
  return std::min(kHeatSteps - 1, static_cast<size_t>(part * static_cast<double>(kHeatSteps)));
}

std::string heat_style(std::string_view selector) {
  std::string css;
  for (size_t i = 0; i < kHeatSteps; ++i) css += heat_rule(selector, i, i);
  css += "\n@media screen and (prefers-color-scheme:dark){\n";
  for (size_t i = 0; i < kHeatSteps; ++i) css += heat_rule(selector, i, kHeatSteps - 1 - i);
  return css + "}\n";
}

std::string chart_style() {
  std::string css =
      ".chart{font:12px system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}\n"
      ".chart .title{font-size:14px;font-weight:600}.chart .small{font-size:11px}\n"
      ".chart .axis,.chart .grid,.chart .mean,.chart .edge,.chart .line{fill:none}\n"
      ".chart .mean{stroke-width:1.2}.chart .edge{stroke-width:1.1}.chart .line{stroke-width:2}\n"
      ".chart .thin{stroke-width:1.2;stroke-opacity:.75}.chart .strong{stroke-width:3}\n"
      ".chart .dash1{stroke-dasharray:6 4}.chart .dash2{stroke-dasharray:2 3}\n"
      ".chart .bar{stroke-width:.5}.chart .box{stroke-width:.7}.chart .pale{opacity:.5}\n";
  for (size_t i = 1; i < kMostMeasures; ++i) css += fmt::format(".chart .m{}{{display:none}}", i);
  css += "\n";
  for (size_t i = 0; i < kSeriesColours; ++i) {
    // A mark has its colour inside and around, a hollow one around, and a line has it along.
    css += fmt::format(
        ".chart .s{0}{{fill:{1}}}.chart .mark.s{0}{{stroke:{1};stroke-width:1.5}}"
        ".chart .line.s{0}{{fill:none;stroke:{1}}}\n",
        i, kSeries[i]);
  }
  css += ".chart .mark.hollow{fill:none}\n";
  css += theme("#fff", "#222", "#5a5a5a", "#ddd");
  const auto lines = [](bool dark) {
    std::string rules;
    for (size_t i = 0; i < kHeatSteps; ++i) {
      rules += fmt::format(".chart path.h{}{{stroke:{}}}", i, kHeat[dark ? kHeatSteps - 1 - i : i]);
    }
    return rules + "\n";
  };
  css += lines(false);
  css += "@media screen and (prefers-color-scheme:dark){\n";
  css += theme("#16181d", "#e6e6e6", "#b0b4bb", "#3a3e46") + lines(true) + "}\n";
  return css + heat_style(".chart .h") + heat_style(".chart .m0-");
}

}  // namespace wattgrind
