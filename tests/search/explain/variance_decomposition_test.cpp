// Functions whose parts of the variance are known in closed form.
#include "search/explain/variance_decomposition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace wattgrind {
namespace {

UnitSpace space_of(const char* json) {
  return UnitSpace(parse_space(nlohmann::ordered_json::parse(json), "space"));
}

PointFunction each(double (*function)(const Point&)) {
  return [function](std::span<const Point> points) {
    std::vector<double> values;
    for (const Point& point : points) values.push_back(function(point));
    return values;
  };
}

// Ishigami and Homma 1990, with a = 7 and b = 0.1: the first parameter does 0.3139 of the variance
// by itself, the second 0.4424, and the first with the third 0.2437.
TEST(VarianceDecomposition, IsIshigamisInClosedForm) {
  const UnitSpace space =
      space_of(R"({"a": {"float": [0, 1]}, "b": {"float": [0, 1]}, "c": {"float": [0, 1]}})");
  const VarianceDecomposition parts = decompose_variance(
      space, each([](const Point& u) {
        const auto x = [&](size_t i) { return std::numbers::pi * (2 * u[i] - 1); };
        return std::sin(x(0)) + 7 * std::pow(std::sin(x(1)), 2) +
               0.1 * std::pow(x(2), 4) * std::sin(x(0));
      }),
      1);
  EXPECT_NEAR(parts.mean, 3.5, 0.1);
  EXPECT_NEAR(parts.variance, 13.845, 0.7);
  EXPECT_NEAR(parts.main[0], 0.3139, 0.02);
  EXPECT_NEAR(parts.main[1], 0.4424, 0.02);
  EXPECT_NEAR(parts.main[2], 0, 0.01);
  ASSERT_EQ(parts.pairs.size(), 3u);
  EXPECT_NEAR(parts.pairs[1].share, 0.2437, 0.02) << "the first and the third";
  EXPECT_NEAR(parts.pairs[0].share, 0, 0.01);
  EXPECT_NEAR(parts.pairs[2].share, 0, 0.01);
}

// Over the integers from 0 to 4, x has the variance 2, and with another such y the product x y has
// E = 4, V = 36 - 16 = 20: 8 by each (2 times the other's mean squared), 4 by both.
TEST(VarianceDecomposition, IsAProductsOverIntegers) {
  const UnitSpace space = space_of(R"({"x": {"int": [0, 4]}, "y": {"int": [0, 4]}})");
  const VarianceDecomposition parts =
      decompose_variance(space, each([](const Point& u) { return 16 * u[0] * u[1]; }), 1);
  EXPECT_NEAR(parts.mean, 4, 0.05);
  EXPECT_NEAR(parts.variance, 20, 0.2);
  EXPECT_NEAR(parts.main[0], 0.4, 0.005);
  EXPECT_NEAR(parts.main[1], 0.4, 0.005);
  EXPECT_NEAR(parts.pairs[0].share, 0.2, 0.005);
}

// A number that only one of two options reads. With m fair and x uniform on [0, 1], f = x where m
// is on and 0 where not has V = 1/6 - 1/16 = 5/48; m by itself does 1/16, x 1/48, both 1/48.
TEST(VarianceDecomposition, ConditionsAreInteractions) {
  const UnitSpace space = space_of(R"({"m": {"choice": ["off", "on"]},
                                       "x": {"float": [0, 1], "when": {"m": "on"}}})");
  const VarianceDecomposition parts = decompose_variance(
      space, each([](const Point& u) { return u[1] == kInactive ? 0 : u[1]; }), 1);
  EXPECT_NEAR(parts.variance, 5.0 / 48, 0.002);
  EXPECT_NEAR(parts.main[0], 3.0 / 5, 0.01);
  EXPECT_NEAR(parts.main[1], 1.0 / 5, 0.01);
  EXPECT_NEAR(parts.pairs[0].share, 1.0 / 5, 0.01);
}

TEST(VarianceDecomposition, AConstantHasNoParts) {
  const UnitSpace space = space_of(R"({"x": {"int": [0, 4]}, "y": {"int": [0, 4]}})");
  const VarianceDecomposition parts =
      decompose_variance(space, each([](const Point&) { return 3.0; }), 1);
  EXPECT_EQ(parts.mean, 3);
  EXPECT_EQ(parts.variance, 0);
  EXPECT_EQ(parts.main, (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace wattgrind
