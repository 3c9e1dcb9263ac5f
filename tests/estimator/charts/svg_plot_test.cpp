#include "estimator/charts/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

namespace wattgrind {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;
using testing::Pointwise;

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(RoundTicks, AreMultiplesOfOneTwoOrFive) {
  EXPECT_THAT(round_ticks(0, 2.35, 6),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5}));
  EXPECT_THAT(round_ticks(-11, 13, 6),
              Pointwise(DoubleNear(1e-12), std::vector<double>{-15, -10, -5, 0, 5, 10, 15}));
  EXPECT_THAT(round_ticks(0.1, 0.3, 3),
              Pointwise(DoubleNear(1e-12), std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_THAT(round_ticks(0, 1e-7, 3),
              Pointwise(DoubleNear(1e-20), std::vector<double>{0, 5e-8, 1e-7}));
}

TEST(RoundTicks, HoldTheRangeForAnySize) {
  for (double low = -3; low < 3; low += 0.37) {
    for (double size = 1e-9; size < 1e12; size *= 7.3) {
      const double high = low * size + size;
      const auto ticks = round_ticks(low * size, high, 6);
      ASSERT_LE(ticks.front(), low * size + 1e-6 * size);
      ASSERT_GE(ticks.back(), high - 1e-6 * size);
      ASSERT_GE(ticks.size(), 4u);
      ASSERT_LE(ticks.size(), 10u);
    }
  }
}

TEST(RoundTicks, OneValueHasRoomAroundIt) {
  for (const double value : {0.0, 5.0, -1e-9}) {
    const auto ticks = round_ticks(value, value, 6);
    EXPECT_LT(ticks.front(), value);
    EXPECT_GT(ticks.back(), value);
  }
}

TEST(SvgPlot, DrawsEachPointAxisAndName) {
  const ScatterPlot plot{"Title",
                         "measured (J)",
                         "predicted (J)",
                         {{"ours", {{0, 0, "a"}, {1, 2, "b"}}}, {"theirs", {{2, 1, ""}}}},
                         {{"equal", 0, 0, 2, 2}}};
  const std::string svg = to_svg(plot);
  EXPECT_EQ(count(svg, "<circle"), 3u);  // two points and one in the legend
  EXPECT_EQ(count(svg, "<rect"), 3u);    // a point, the legend, the background
  EXPECT_EQ(count(svg, "<line"), 2u);
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
  ASSERT_GE(x.size(), 3u);
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

}  // namespace
}  // namespace wattgrind
