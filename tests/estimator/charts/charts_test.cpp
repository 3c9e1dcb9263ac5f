// Bars, heat maps, places, parallel coordinates, and the text that all of them draw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "estimator/charts/bar_chart.h"
#include "estimator/charts/chart_style.h"
#include "estimator/charts/heat_map.h"
#include "estimator/charts/parallel_chart.h"
#include "estimator/charts/place_chart.h"
#include "estimator/charts/svg_parts.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// All that the expression's first group finds, as numbers.
std::vector<double> numbers_in(const std::string& text, const std::string& expression) {
  std::vector<double> numbers;
  const std::regex regex(expression);
  for (std::sregex_iterator i(text.begin(), text.end(), regex), end; i != end; ++i) {
    numbers.push_back(std::stod((*i)[1]));
  }
  return numbers;
}

TEST(SvgParts, ForeignTextStaysText) {
  EXPECT_EQ(escaped_markup("<script>\"&'"), "&lt;script&gt;&quot;&amp;&#39;");
  EXPECT_EQ(escaped_markup("a\x1b[31m\x01"), "a\\x1b[31m\\x01");
  EXPECT_THAT(escaped_markup("\xff"), Not(HasSubstr("\xff")));
}

TEST(SvgParts, TextIsCutWhereItFits) {
  EXPECT_EQ(fitted_text("conv1", 100, 12), "conv1");
  const std::string name = "features.denseblock4.denselayer16.conv2";
  for (double width = 20; width < 300; width += 7) {
    const std::string cut = fitted_text(name, width, 12);
    EXPECT_TRUE(text_width(cut, 12) <= width || cut == "\u2026") << width;
  }
  EXPECT_TRUE(fitted_text(name, 120, 12).ends_with("conv2"));
  EXPECT_TRUE(fitted_text(name, 120, 12, TextCut::kStart).starts_with("\u2026"));
  // No character is cut in two.
  EXPECT_EQ(fitted_text("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4", 30, 12).find("\xa4\xa4"),
            std::string::npos);
}

TEST(BarChart, PartsAreAsLongAsTheirAmounts) {
  const BarChart chart{
      "t", "energy", "J", {"a", "b"}, {{"one", {2e-3, 1e-3}, 7}, {"two", {0, 4e-3}}}};
  const std::string svg = to_svg(chart);
  const auto widths = numbers_in(svg, "width=\"([\\d.]+)\" height=\"14\" class=\"bar s\\d\">");
  ASSERT_EQ(widths.size(), 3u);  // of nothing, nothing is drawn
  EXPECT_NEAR(widths[0] / widths[1], 2, 1e-3);
  EXPECT_NEAR(widths[2] / widths[1], 4, 1e-3);
  for (const char* text : {"one, a: 2 mJ", ">3 mJ<", "energy (mJ)", "data-row=\"7\""}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
}

TEST(HeatMap, TheLargestIsDarkestAndHolesStayEmpty) {
  const std::string svg = to_svg(
      HeatMap{"t", "x", "y", {"p", "q"}, {"r", "s"}, {{1.0, std::nullopt}, {5.0, 10.0}}, "v", ""});
  EXPECT_THAT(svg, HasSubstr("<g class=\"h0\"><title>y r, x p: 1</title>"));
  EXPECT_THAT(svg, HasSubstr("<g class=\"h8\"><title>y s, x q: 10</title>"));
  EXPECT_THAT(svg, Not(HasSubstr("y r, x q")));
}

TEST(HeatStep, DividesARangeEvenly) {
  EXPECT_EQ(heat_step(0, 0, 9), 0u);
  EXPECT_EQ(heat_step(4.5, 0, 9), 4u);
  EXPECT_EQ(heat_step(9, 0, 9), kHeatSteps - 1);
  EXPECT_EQ(heat_step(3, 3, 3), 0u);
}

TEST(PlaceChart, BytesInUseAreThoseOfLivingBuffers) {
  const std::vector<TimedPlace> places = {
      {"a", 0, 1, 0, 100}, {"b", 1, 3, 128, 50}, {"c", 3, 3, 0, 7}};
  EXPECT_THAT(bytes_alive(places), ElementsAre(100, 150, 50, 57));
  const std::string svg = to_svg(PlaceChart{"t", "kernel", places});
  EXPECT_THAT(svg, HasSubstr("b: 50 B, steps 1 to 3"));
}

TEST(ParallelChart, LinesAreBrokenWhereAValueIsAbsent) {
  const ParallelChart chart{
      "t",
      {{"n"}, {"word", AxisScale::kLinear, {"sgd", "adam"}}, {"score"}},
      {{{1.0, 0.0, 50.0}, 1, "first"}, {{2.0, std::nullopt, 60.0}, 2, "second", true}},
      "by score"};
  const std::string svg = to_svg(chart);
  const std::regex whole("d=\"M[^ML\"]*L[^ML\"]*L[^ML\"]*\" class=\"line h\\d thin\"><title>first");
  const std::regex broken("d=\"M[^ML\"]*M[^ML\"]*\" class=\"line h8 strong\"><title>second");
  EXPECT_TRUE(std::regex_search(svg, whole));
  EXPECT_TRUE(std::regex_search(svg, broken));
  EXPECT_THAT(svg, HasSubstr(">adam<"));
}

// W3C's contrast (WCAG 2.1): texts on the nine steps in either theme, and on their grounds.
double luminance(unsigned colour) {
  double sum = 0;
  const double weights[] = {0.2126, 0.7152, 0.0722};
  for (int i = 0; i < 3; ++i) {
    const double c = ((colour >> (16 - 8 * i)) & 0xff) / 255.0;
    sum += weights[i] * (c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}

TEST(ChartStyle, TextsAreReadableOnEveryStep) {
  const std::string css = heat_style(".h");
  const std::regex rule("\\.h\\d rect\\{fill:#(\\w{6})\\}\\.h\\d text\\{fill:#(\\w{3})\\}");
  int rules = 0;
  for (std::sregex_iterator i(css.begin(), css.end(), rule), end; i != end; ++i, ++rules) {
    const double ground = luminance(static_cast<unsigned>(std::stoul((*i)[1], nullptr, 16)));
    const double ink = luminance((*i)[2] == "fff" ? 0xffffff : 0x111111);
    const double contrast = (std::max(ground, ink) + 0.05) / (std::min(ground, ink) + 0.05);
    EXPECT_GE(contrast, 4.5) << (*i)[0];
  }
  EXPECT_EQ(rules, 18);  // nine in light, nine in dark
}

}  // namespace
}  // namespace wattgrind
