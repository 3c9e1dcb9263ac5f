// How charts look: a style sheet for all of them, in light, in dark and in print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wattgrind {

// Series have the palette of Okabe and Ito (Color Universal Design, 2008), whose colours
// colour-blind readers tell apart: class "s0" to "s7". Amounts have the nine steps of YlGnBu by
// Cynthia Brewer (colorbrewer2.org), which they read too: class "h0" (least) to "h8", of an element
// whose shapes are filled with the step and whose texts are readable on it.
inline constexpr size_t kSeriesColours = 8;
inline constexpr size_t kHeatSteps = 9;

// Of the measures that readers may choose between, a chart shows the first unless its page says
// otherwise: what is of measure i has class "m" and its number.
inline constexpr size_t kMostMeasures = 5;

// The classes of series, with a lighter form for those beyond the palette.
std::string series_class(size_t series);

// The step of an amount among those from `low` to `high`; the least where they are equal.
size_t heat_step(double value, double low, double high);

// The rules of the nine steps for another class: with ".m1-" for ".m1-0" to ".m1-8".
std::string heat_style(std::string_view selector);

// CSS without variables, which programs that draw SVG lack.
std::string chart_style();

}  // namespace wattgrind
