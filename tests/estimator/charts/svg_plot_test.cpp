#include "estimator/charts/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace wattgrind {
namespace {

using testing::HasSubstr;

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(SvgPlot, DrawsEachPointAxisAndName) {
  const ScatterPlot plot{"Title",
                         "measured (J)",
                         "predicted (J)",
                         {{"ours", {{0, 0, "a"}, {1, 2, "b"}}}, {"theirs", {{2, 1, ""}}}},
                         {{"equal", 0, 0, 2, 2}}};
  const std::string svg = to_svg(plot);
  EXPECT_EQ(count(svg, "<circle"), 3u);            // two points and one in the legend
  EXPECT_EQ(count(svg, "<rect"), 3u);              // a point, the legend, the background
  EXPECT_EQ(count(svg, "class=\"mean dash"), 2u);  // the line and the legend's
  for (const char* text : {"Title", "measured (J)", "predicted (J)", "ours", "theirs", "equal",
                           "<title>b</title>", ">0.5<", ">2.0<"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
}

TEST(SvgPlot, PutsPointsWhereTheTicksSay) {
  const std::string svg =
      to_svg({"", "x", "y", {{"s", {{0, 0, ""}, {10, 10, ""}, {5, 2.5, ""}}}}, {}});
  std::vector<double> x, y;
  const std::regex circle(R"re(<circle cx="([\d.]+)" cy="([\d.]+)")re");
  for (std::sregex_iterator i(svg.begin(), svg.end(), circle), end; i != end; ++i) {
    x.push_back(std::stod((*i)[1]));
    y.push_back(std::stod((*i)[2]));
  }
  ASSERT_EQ(x.size(), 4u);
  x.erase(x.begin());  // the legend's
  y.erase(y.begin());
  EXPECT_LT(x[0], x[1]);
  EXPECT_GT(y[0], y[1]);  // downwards
  EXPECT_NEAR(x[2], (x[0] + x[1]) / 2, 0.02);
  EXPECT_NEAR(y[2], y[0] + (y[1] - y[0]) / 4, 0.02);
}

TEST(SvgPlot, NamesCannotBreakTheDocument) {
  const std::string svg = to_svg({"a < b & \"c\"", "x", "y", {{"s", {{0, 0, "<w>"}}}}, {}});
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; &quot;c&quot;"));
  EXPECT_THAT(svg, HasSubstr("<title>&lt;w&gt;</title>"));
}

// On axes of logarithms, points of one power lie on one line, and error bars end at their ends.
TEST(SvgPlot, LogarithmsAndErrorBars) {
  ScatterPlot plot{"", "x", "y", {{"s", {{1, 10, ""}, {100, 1000, ""}, {10, 100, ""}}}}, {}};
  plot.x_scale = plot.y_scale = AxisScale::kLog;
  plot.series[0].points[0].low_y = 1;
  const std::string svg = to_svg(plot);
  std::vector<double> x, y;
  const std::regex circle(R"re(<circle cx="([\d.]+)" cy="([\d.]+)")re");
  for (std::sregex_iterator i(svg.begin(), svg.end(), circle), end; i != end; ++i) {
    x.push_back(std::stod((*i)[1]));
    y.push_back(std::stod((*i)[2]));
  }
  ASSERT_EQ(x.size(), 4u);  // one is the legend's
  EXPECT_NEAR(x[3], (x[1] + x[2]) / 2, 0.02);
  EXPECT_NEAR(y[3], (y[1] + y[2]) / 2, 0.02);
  EXPECT_EQ(count(svg, "line thin"), 1u);  // the error bar
}

TEST(SvgPlot, InAPageItBringsNoStyle) {
  const ScatterPlot plot{"", "x", "y", {{"s", {{0, 0, ""}}}}, {}};
  EXPECT_EQ(count(to_svg(plot, SvgUse::kInPage), "<style>"), 0u);
  EXPECT_EQ(count(to_svg(plot), "<style>"), 1u);
}

}  // namespace
}  // namespace wattgrind
