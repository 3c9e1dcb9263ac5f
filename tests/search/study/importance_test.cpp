#include "search/study/importance.h"

#include <gtest/gtest.h>

#include "search/space/enumerate.h"

namespace wattgrind {
namespace {

Space mixed_space() {
  return parse_space(nlohmann::ordered_json::parse(R"({"x": {"float": [0, 1]},
    "n": {"int": [0, 9]}, "c": {"choice": ["a", "b", "c"]}, "idle": {"float": [0, 1]}})"),
                     "space");
}

double weight(const Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return (*real - 0.3) * (*real - 0.3);
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    return static_cast<double>((*whole - 6) * (*whole - 6)) / 100;
  }
  return std::get<std::string>(value) == "b" ? 0 : 0.5;
}

// Random trials of a sum of one-parameter terms, so that a term's variance is its importance.
std::vector<double> shares(std::vector<double> weights) {
  const Space space = mixed_space();
  Random random(6);
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 500; ++i) {
    Trial trial{i, draw_uniform(space, random), TrialState::kComplete, {0}, std::nullopt};
    for (size_t p = 0; p < weights.size(); ++p) {
      trial.values[0] += weights[p] * weight(*trial.configuration[p]);
    }
    history.push_back(trial);
  }
  std::vector<double> result;
  for (const auto& importance : parameter_importance(space, history)) {
    result.push_back(importance.share);
  }
  return result;
}

TEST(Importance, IsWhereTheVarianceIs) {
  EXPECT_GT(shares({1, 0, 0, 0})[0], 0.85);
  EXPECT_GT(shares({0, 1, 0, 0})[1], 0.85);
  EXPECT_GT(shares({0, 0, 1, 0})[2], 0.85);
  const std::vector<double> both = shares({1, 0.2, 0, 0});
  EXPECT_GT(both[0], both[1]);
  EXPECT_GT(both[1], both[3]);
  EXPECT_NEAR(both[0] + both[1] + both[2] + both[3], 1, 1e-12);
}

TEST(Importance, NeedsTrials) {
  const Space space = mixed_space();
  EXPECT_TRUE(parameter_importance(space, {}).empty());
}

TEST(Importance, CountsConditionalParametersWhereTheyAreActive) {
  const Space space = parse_space(nlohmann::ordered_json::parse(R"({"n": {"int": [1, 2]},
    "w": {"float": [0, 1], "per": "n"}})"),
                                  "space");
  Random random(7);
  std::vector<Trial> history;
  for (uint64_t i = 0; i < 400; ++i) {
    Configuration drawn = draw_uniform(space, random);
    const double value = drawn[2] ? weight(*drawn[2]) : 0.2;
    history.push_back({i, std::move(drawn), TrialState::kComplete, {value}, std::nullopt});
  }
  const auto importances = parameter_importance(space, history);
  ASSERT_EQ(importances.size(), 3u);
  EXPECT_EQ(importances[2].name, "w[1]");
  EXPECT_GT(importances[2].share, importances[1].share * 4);
}

}  // namespace
}  // namespace wattgrind
