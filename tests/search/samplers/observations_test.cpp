#include "search/samplers/observations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace wattgrind {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

UnitSpace line() {
  return UnitSpace(parse_space(nlohmann::ordered_json::parse(R"({"a": {"int": [0, 99]}})"), "s"));
}

Trial trial(uint64_t number, int64_t a, TrialState state, std::vector<double> values,
            std::optional<double> violation = std::nullopt) {
  return {number, {Value(a)}, state, std::move(values), violation};
}

TrialValues values_of(const std::vector<Trial>& history, std::vector<double> weights = {}) {
  const UnitSpace space = line();
  Observations observations(space);
  observations.read(history);
  return trial_values(observations.finished(), weights);
}

TEST(Observations, AreOrderedByNumberAndApartFromRunning) {
  const UnitSpace space = line();
  Observations observations(space);
  const std::vector<Trial> history = {trial(5, 50, TrialState::kComplete, {1}),
                                      trial(2, 20, TrialState::kRunning, {}),
                                      trial(1, 10, TrialState::kFailed, {})};
  observations.read(history);
  ASSERT_EQ(observations.finished().size(), 2u);
  EXPECT_EQ(observations.finished()[0].trial->number, 1u);
  EXPECT_EQ(observations.finished()[1].trial->number, 5u);
  ASSERT_EQ(observations.running().size(), 1u);
  EXPECT_TRUE(observations.tried(point_key(space.to_point({Value(int64_t{20})}))));
  EXPECT_FALSE(observations.tried(point_key(space.to_point({Value(int64_t{30})}))));
  observations.read(std::span(history).first(1));
  EXPECT_FALSE(observations.tried(point_key(space.to_point({Value(int64_t{20})})))) << "forgotten";
  EXPECT_EQ(observations.distinct_points(), 1u);
}

TEST(TrialValues, RankFailuresWorstAndInfeasibleBeyond) {
  const TrialValues all = values_of(
      {trial(0, 0, TrialState::kComplete, {1}), trial(1, 1, TrialState::kComplete, {2}),
       trial(2, 2, TrialState::kComplete, {5}), trial(3, 3, TrialState::kFailed, {}),
       trial(4, 4, TrialState::kComplete, {kNan}), trial(5, 5, TrialState::kInfeasible, {0}, 1.0),
       trial(6, 6, TrialState::kInfeasible, {0}, 4.0), trial(7, 7, TrialState::kInfeasible, {}),
       trial(8, 8, TrialState::kPruned, {0.5}), trial(9, 9, TrialState::kPruned, {4})});
  const std::vector<double>& values = all.ranking;
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(values[3], 5) << "failed: the worst";
  EXPECT_EQ(values[4], 5) << "NaN: failed";
  EXPECT_GT(values[5], 5) << "infeasible: beyond the worst";
  EXPECT_GT(values[6], values[5]) << "the further, the worse";
  EXPECT_GT(values[7], values[6]) << "unknown violation: the worst";
  EXPECT_EQ(values[8], 2) << "pruned: no better than the median";
  EXPECT_EQ(values[9], 4) << "pruned: its bound";
}

TEST(TrialValues, TellObjectivesWhateverTheLimits) {
  const TrialValues values = values_of(
      {trial(0, 0, TrialState::kComplete, {1}), trial(1, 1, TrialState::kComplete, {3}),
       trial(2, 2, TrialState::kComplete, {5}), trial(3, 3, TrialState::kInfeasible, {-4}, 1.0),
       trial(4, 4, TrialState::kInfeasible, {}, 1.0), trial(5, 5, TrialState::kFailed, {})});
  EXPECT_EQ(values.objective, (std::vector<double>{1, 3, 5, -4, 3, 5}));
}

TEST(TrialValues, RankViolationsOnAnyScale) {
  const TrialValues values = values_of(
      {trial(0, 0, TrialState::kComplete, {1}), trial(1, 1, TrialState::kInfeasible, {0}, 1e-3),
       trial(2, 2, TrialState::kInfeasible, {0}, 1e6), trial(3, 3, TrialState::kFailed, {}),
       trial(4, 4, TrialState::kInfeasible, {}), trial(5, 5, TrialState::kInfeasible, {0}, 1e-3)});
  EXPECT_EQ(values.excess, (std::vector<double>{0, 0.75, 0.875, 0, 1, 0.75}));
}

TEST(TrialValues, ScalariseSeveralObjectives) {
  const std::vector<Trial> history = {trial(0, 0, TrialState::kComplete, {0, 100}),
                                      trial(1, 1, TrialState::kComplete, {10, 0}),
                                      trial(2, 2, TrialState::kComplete, {2, 20})};
  const std::vector<double> first = values_of(history, {1, 0}).objective;
  EXPECT_LT(first[0], first[2]);
  EXPECT_LT(first[2], first[1]);
  const std::vector<double> second = values_of(history, {0, 1}).objective;
  EXPECT_LT(second[1], second[2]);
  EXPECT_LT(second[2], second[0]);
  const std::vector<double> both = values_of(history, {0.5, 0.5}).objective;
  EXPECT_NEAR(both[2], 0.5 * 0.2 + 0.05 * 0.2, 1e-12);
  EXPECT_NEAR(both[0], 0.5 + 0.05 * 0.5, 1e-12);
}

TEST(Warp, KeepsOrderAndStandardises) {
  const std::vector<double> values = {3, 1e9, 1, 2, 40};
  const Warp warp(values);
  const std::vector<double>& result = warp.values();
  EXPECT_EQ(warp(3), result[0]);
  EXPECT_LT(result[2], result[3]);
  EXPECT_LT(result[3], result[0]);
  EXPECT_LT(result[0], result[4]);
  EXPECT_LT(result[4], result[1]);
  double sum = 0, squares = 0;
  for (double value : result) {
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum, 0, 1e-12);
  EXPECT_NEAR(squares, 5, 1e-12);
  // Unwarped steps: log1p of (3 - 1) / 2, (2 - 1) / 2 and 0 over the median's distance 3 - 1.
  EXPECT_NEAR((result[0] - result[2]) / (result[3] - result[2]), std::log(2) / std::log(1.5),
              1e-12);
  const std::vector<double> even = {4, 4};
  EXPECT_EQ(Warp(even).values(), (std::vector<double>{0, 0}));
}

TEST(TrialValues, AVarianceIsTheMeanOfItsTrialsAndOfAll) {
  std::vector<Trial> history = {trial(0, 0, TrialState::kComplete, {1}),
                                trial(1, 1, TrialState::kComplete, {2}),
                                trial(2, 2, TrialState::kFailed, {})};
  EXPECT_TRUE(values_of(history).variance.empty()) << "nobody tells one";
  history[0].variances = {0.2};
  history[1].variances = {0.6};
  EXPECT_THAT(
      values_of(history).variance,
      testing::ElementsAre(testing::DoubleEq(0.3), testing::DoubleEq(0.5), testing::DoubleEq(0.4)));
}

// Objectives from 0 to 10 and from 0 to 2, weighed evenly, are divided by 20 and by 4.
TEST(TrialValues, VariancesOfSeveralObjectivesAreScaledAsTheyAre) {
  std::vector<Trial> history = {trial(0, 0, TrialState::kComplete, {0, 2}),
                                trial(1, 1, TrialState::kComplete, {10, 0})};
  for (Trial& each : history) each.variances = {4, 0.16};
  EXPECT_THAT(values_of(history, {0.5, 0.5}).variance,
              testing::Each(testing::DoubleEq(0.01 + 0.01)));
}

TEST(Warp, ItsSlopeIsItsDerivative) {
  const std::vector<double> values = {1, 4, 2, 11, 3};
  const Warp warp(values);
  for (const double at : {1.0, 2.5, 9.0}) {
    constexpr double kStep = 1e-6;
    EXPECT_NEAR(warp.inverse(warp(at)), at, 1e-12);
    EXPECT_NEAR(warp.slope(at), (warp(at + kStep) - warp(at - kStep)) / (2 * kStep), 1e-6);
  }
}

}  // namespace
}  // namespace wattgrind
