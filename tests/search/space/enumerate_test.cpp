#include "search/space/enumerate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace wattgrind {
namespace {

Space space_of(const char* text) {
  return parse_space(nlohmann::ordered_json::parse(text), "space");
}

TEST(Enumerate, NumbersEveryConfigurationOnce) {
  // 3 * (no widths below 1 layer; 4 widths each): 1 + 4 + 4^2 for layers 0, 1, 2; times 2 + 3.
  const Space space = space_of(R"({"layers": {"int": [0, 2]},
    "widths": {"int": [1, 4], "per": "layers"},
    "optimizer": {"choice": ["adam", "sgd"]},
    "nesterov": {"choice": ["no", "yes", "both"], "when": {"optimizer": "sgd"}}})");
  const uint64_t wanted = (1 + 4 + 16) * (1 + 3);
  ASSERT_EQ(count_configurations(space), wanted);
  std::set<std::string> seen;
  for (uint64_t i = 0; i < wanted; ++i) {
    const Configuration configuration = configuration_at(space, i);
    for (size_t p = 0; p < space.size(); ++p) {
      EXPECT_EQ(configuration[p].has_value(), space.active(p, configuration));
    }
    seen.insert(to_string(space, configuration));
  }
  EXPECT_EQ(seen.size(), wanted);
}

TEST(Enumerate, VariesTheLastParameterFastest) {
  const Space space = space_of(R"({"a": {"int": [1, 3]}, "b": {"int": [0, 10], "step": 5}})");
  EXPECT_EQ(to_string(space, configuration_at(space, 0)), "a=1 b=0");
  EXPECT_EQ(to_string(space, configuration_at(space, 1)), "a=1 b=5");
  EXPECT_EQ(to_string(space, configuration_at(space, 8)), "a=3 b=10");
}

TEST(Enumerate, HasNoCountForWhatHasNoEnd) {
  EXPECT_EQ(count_configurations(space_of(R"({"a": {"float": [0, 1]}})")), std::nullopt);
  EXPECT_EQ(count_configurations(
                space_of(R"({"n": {"int": [30, 30]}, "a": {"int": [1, 10], "per": "n"}})")),
            std::nullopt);
}

TEST(Enumerate, CutsFloatsOnTheirScale) {
  const Space grid = discretised(
      space_of(R"({"a": {"float": [0.01, 1], "log": true}, "b": {"float": [0, 2]}})"), 3);
  const auto& a = std::get<Choice>(grid.parameters()[0].domain).options;
  ASSERT_EQ(a.size(), 3u);
  EXPECT_EQ(std::get<double>(a[0]), 0.01);
  EXPECT_NEAR(std::get<double>(a[1]), 0.1, 1e-15);
  EXPECT_EQ(std::get<double>(a[2]), 1.0);
  const auto& b = std::get<Choice>(grid.parameters()[1].domain).options;
  EXPECT_EQ(std::get<double>(b[1]), 1.0);
}

TEST(Enumerate, DrawsUniformlyOnTheScale) {
  const Space space = space_of(R"({"i": {"int": [1, 4]}, "j": {"int": [1, 1000], "log": true},
                   "f": {"float": [1e-4, 1], "log": true}})");
  Random random(3);
  const int n = 40000;
  std::vector<int> count(5);
  int small_integers = 0, small_reals = 0;
  for (int i = 0; i < n; ++i) {
    const Configuration configuration = draw_uniform(space, random);
    ++count[static_cast<size_t>(std::get<int64_t>(*configuration[0]))];
    small_integers += std::get<int64_t>(*configuration[1]) <= 31;
    small_reals += std::get<double>(*configuration[2]) < 1e-2;
  }
  for (int v = 1; v <= 4; ++v) EXPECT_NEAR(count[static_cast<size_t>(v)], n / 4.0, 300);
  const double expected = std::log(31.5 / 0.5) / std::log(1000.5 / 0.5);
  EXPECT_NEAR(small_integers, n * expected, 400);
  EXPECT_NEAR(small_reals, n / 2.0, 400);
}

TEST(Enumerate, SharesOfASpaceGoFromTheLowestToTheHighest) {
  const Space space = parse_space(nlohmann::ordered_json::parse(R"({
        "layers": {"int": [1, 10]}, "batch": {"int": [2, 128]}, "even": {"int": [2, 8], "step": 2},
        "power": {"int": [1, 1000], "log": true}, "rate": {"float": [0.001, 0.1], "log": true},
        "word": {"choice": ["a", "b", "c", "d"]}})"),
                                  "x");
  EXPECT_EQ(to_string(space, configuration_at_share(space, 0)),
            "layers=1 batch=2 even=2 power=1 rate=0.001 word=a");
  EXPECT_EQ(to_string(space, configuration_at_share(space, 1)),
            "layers=10 batch=128 even=8 power=1000 rate=0.1 word=d");
  const Configuration midpoint = configuration_at_share(space, 0.5);
  EXPECT_EQ(midpoint[0], Value(int64_t{5}));
  EXPECT_EQ(midpoint[1], Value(int64_t{65}));
  EXPECT_EQ(midpoint[2], Value(int64_t{4}));
  EXPECT_EQ(midpoint[3], Value(int64_t{31}));  // sqrt(1000) = 31.6
  EXPECT_NEAR(std::get<double>(*midpoint[4]), 0.01, 1e-12);
  EXPECT_EQ(midpoint[5], Value(std::string("b")));
}

TEST(Enumerate, SharesFillTheActiveElementsOfLists) {
  const Space space = parse_space(nlohmann::ordered_json::parse(R"({
    "layers": {"int": [1, 4]}, "widths": {"int": [1, 9], "per": "layers"}})"),
                                  "x");
  EXPECT_EQ(to_string(space, configuration_at_share(space, 0.5)),
            "layers=2 widths[0]=5 widths[1]=5");
}

}  // namespace
}  // namespace wattgrind
