#include "search/space/unit_space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "search/samplers/latin_hypercube.h"
#include "search/samplers/parzen_draws.h"
#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

UnitSpace space_of(const char* text) {
  return UnitSpace(parse_space(nlohmann::ordered_json::parse(text), "space"));
}

UnitSpace mixed_space() {
  return space_of(R"({"layers": {"int": [1, 3]}, "widths": {"int": [4, 40], "step": 4,
    "per": "layers"}, "units": {"int": [1, 512], "log": true}, "flat": {"int": [7, 7]},
    "rate": {"float": [1e-4, 1], "log": true}, "momentum": {"float": [-1, 1]},
    "optimizer": {"choice": ["adam", "sgd"]}, "warm": {"choice": [true, false],
    "when": {"rate": {"above": 0.01}}}})");
}

TEST(UnitSpace, TakesConfigurationsThereAndBack) {
  const UnitSpace space = mixed_space();
  Random random(2);
  for (int i = 0; i < 2000; ++i) {
    const Configuration drawn = draw_uniform(space.space(), random);
    const Configuration back = space.to_configuration(space.to_point(drawn));
    for (size_t p = 0; p < space.size(); ++p) {
      ASSERT_EQ(drawn[p].has_value(), back[p].has_value());
      if (!drawn[p]) continue;
      const auto* real = std::get_if<double>(&*drawn[p]);
      if (real) {
        EXPECT_NEAR(std::get<double>(*back[p]), *real, 1e-12);
      } else {
        EXPECT_EQ(drawn[p], back[p]);
      }
    }
  }
}

TEST(UnitSpace, SpacesLogarithmsEvenly) {
  const UnitSpace space = space_of(R"({"units": {"int": [1, 64], "log": true}})");
  EXPECT_NEAR(space.coordinate_of_level(0, 7), 0.5, 1e-12);  // 8 of 1..64
  EXPECT_EQ(space.level_of_coordinate(0, 0.5), 7u);
  EXPECT_EQ(space.level_of_coordinate(0, 1), 63u);
}

TEST(UnitSpace, RepairsWhatAChangeActivates) {
  const UnitSpace space = space_of(R"({"n": {"int": [0, 2]}, "w": {"int": [1, 9], "per": "n"}})");
  Random random(1);
  Point point = space.to_point({Value(int64_t{0}), std::nullopt, std::nullopt});
  point[0] = 1;
  space.repair(point, random);
  EXPECT_NE(point[1], kInactive);
  EXPECT_NE(point[2], kInactive);
  point[0] = 0.5;
  space.repair(point, random);
  EXPECT_NE(point[1], kInactive);
  EXPECT_EQ(point[2], kInactive);
}

TEST(ParzenDraws, AreValidAndMove) {
  const UnitSpace space = mixed_space();
  Random random(3);
  int moved = 0;
  for (int i = 0; i < 2000; ++i) {
    const Point from = draw_anywhere(space, random);
    const Point to = draw_near(space, from, 0.05, random);
    const Configuration configuration = space.to_configuration(to);
    // Reading back what is written checks activity, types and bounds.
    EXPECT_EQ(parse_configuration(space.space(), to_json(space.space(), configuration), "drawn"),
              configuration);
    moved += from != to;
  }
  EXPECT_GT(moved, 1000);
}

TEST(LatinHypercube, HasOnePointInEachShare) {
  const UnitSpace space =
      space_of(R"({"a": {"float": [0, 1]}, "b": {"int": [0, 7]}, "c": {"choice": [1, 2, 3, 4]}})");
  Random random(4);
  const std::vector<Point> design = latin_hypercube(space, 8, random);
  std::multiset<int> a, b, c;
  for (const Point& point : design) {
    a.insert(static_cast<int>(point[0] * 8));
    b.insert(static_cast<int>(std::lround(point[1] * 7)));
    c.insert(static_cast<int>(point[2]));
  }
  EXPECT_EQ(a, (std::multiset<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(b, (std::multiset<int>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(c, (std::multiset<int>{0, 0, 1, 1, 2, 2, 3, 3}));
}

}  // namespace
}  // namespace wattgrind
