#include "search/explain/explanation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

Space space_of_two() {
  return parse_space(
      nlohmann::ordered_json::parse(R"({"x": {"int": [0, 10]}, "y": {"float": [0, 1]}})"), "space");
}

// 60 trials: the value is a bowl about (3, 0.5), a cost is 2 x, and y costs nothing.
struct Study {
  Space space = space_of_two();
  std::vector<Trial> trials;
  std::vector<Response> responses = {{"value", false, {}}, {"gain", true, {}}, {"cost", false, {}}};

  explicit Study(size_t count = 60) {
    Random random(3);
    for (size_t i = 0; i < count; ++i) {
      const Configuration drawn =
          i == 7 ? Configuration{int64_t{3}, 0.5} : draw_uniform(space, random);
      const auto x = static_cast<double>(std::get<int64_t>(*drawn[0]));
      const double y = std::get<double>(*drawn[1]);
      const double value = 0.1 * (x - 3) * (x - 3) + 4 * (y - 0.5) * (y - 0.5);
      trials.push_back({i, drawn, TrialState::kComplete, {value}, std::nullopt});
      responses[0].values.emplace_back(value);
      responses[1].values.emplace_back(x);
      responses[2].values.emplace_back(2 * x);
    }
  }
};

// x has the variance 10 over 0..10, so that the cost is x's alone. Of the value, 0.1 (x - 3)^2 has
// the variance 2.18 (0.01 times that of the squares 9, 4, 1, 0, 1, ..., 49) and 4 (y - 0.5)^2 has
// 16 / 180.
TEST(Explanation, TellsWhatEachParameterDoes) {
  const Study study;
  const auto found = explain(study.space, study.trials, study.responses, 7);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->effects.size(), 3u);
  double mean = 0, square = 0;
  for (int x = 0; x <= 10; ++x) {
    mean += 0.1 * (x - 3) * (x - 3) / 11;
    square += std::pow(0.1 * (x - 3) * (x - 3), 2) / 11;
  }
  const double of_x = square - mean * mean, of_y = 16.0 / 180;
  EXPECT_NEAR(found->effects[0].parts.main[0], of_x / (of_x + of_y), 0.03);
  EXPECT_NEAR(found->effects[0].parts.main[1], of_y / (of_x + of_y), 0.03);
  EXPECT_GT(found->effects[0].told, 0.95);
  EXPECT_NEAR(found->effects[2].parts.main[0], 1, 0.02);
  EXPECT_NEAR(found->effects[2].parts.mean, 10, 0.5);
  EXPECT_NEAR(found->effects[1].parts.mean, 5, 0.25) << "a gain is told as it is";
}

TEST(Explanation, TellsWhatWouldImproveEachAtTheLeastHarm) {
  const Study study;
  const auto found = explain(study.space, study.trials, study.responses, 7);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->improvements[0]) << "the winner lies at the bottom";
  ASSERT_TRUE(found->improvements[1]);
  EXPECT_EQ(found->improvements[1]->configuration, (Configuration{int64_t{4}, 0.5}));
  ASSERT_TRUE(found->improvements[2]);
  EXPECT_EQ(found->improvements[2]->configuration, (Configuration{int64_t{2}, 0.5}));
  EXPECT_NEAR(found->improvements[2]->estimates[2].value().mean, 4, 0.5);
}

TEST(Explanation, TellsTheNeighbours) {
  const Study study;
  const auto found = explain(study.space, study.trials, study.responses, 7);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->neighbours.size(), 4u);
  EXPECT_EQ(found->neighbours[0].configuration, (Configuration{int64_t{2}, 0.5}));
  EXPECT_NEAR(found->neighbours[0].estimates[0].value().mean, 0.1, 0.05);
  EXPECT_EQ(found->neighbours[3].parameter, 1u);
  EXPECT_NEAR(std::get<double>(*found->neighbours[3].configuration[1]), 0.55, 1e-9);
}

TEST(Explanation, IsSureOfAClearWinnerAndNotOfALuckyOne) {
  Study study;
  const auto sure = explain(study.space, study.trials, study.responses, 7);
  ASSERT_TRUE(sure);
  EXPECT_EQ(sure->chances[0].trial, 7u);
  double sum = 0;
  for (const auto& chance : sure->chances) sum += chance.chance;
  EXPECT_NEAR(sum, 1, 1e-9);
  // The same trials, each value off by a noise as large as what lies between the best.
  Random random(5);
  for (std::optional<double>& value : study.responses[0].values) *value += 0.4 * random.normal();
  const auto unsure = explain(study.space, study.trials, study.responses, 7);
  ASSERT_TRUE(unsure);
  EXPECT_LT(unsure->chances[0].chance, sure->chances[0].chance);
}

TEST(Explanation, TakesTrialsEnough) {
  const Study study(9);
  EXPECT_FALSE(explain(study.space, study.trials, study.responses, 7));
}

}  // namespace
}  // namespace wattgrind
