#include "search/candidates/objective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wattgrind {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

CandidateCosts costs_of(double train, double infer) {
  CandidateCosts costs;
  costs.train = {Cycles::rounded(train), Picojoules::rounded(10 * train)};
  costs.infer = {Cycles::rounded(infer), Picojoules::rounded(3 * infer)};
  costs.parameters = 800;
  costs.macs = 700;
  return costs;
}

Trial complete(uint64_t number, std::vector<double> values) {
  return {number, {}, TrialState::kComplete, std::move(values), std::nullopt};
}

TEST(Objective, IsEquationTwoPointSixOfPowerml) {
  Objective objective;
  objective.alpha = 0.5;
  objective.beta = 0.2;
  // Figure 2, DFFR, setting 2: 0.5 * 1.249^2 + 0.2 * 1.115^2 - 0.3 * 0.57.
  EXPECT_THAT(objective_values(objective, {1.249, 1.115}, 0.57),
              ElementsAre(testing::DoubleNear(0.8576455, 1e-7)));
  objective.score_squared = true;
  EXPECT_THAT(objective_values(objective, {1, 1}, 0.5), ElementsAre(DoubleEq(0.7 - 0.3 * 0.25)));
}

TEST(Objective, DividesCostsByTheReferencesInItsUnit) {
  const NormalisedCosts cycles = normalise(costs_of(300, 40), costs_of(200, 80), CostUnit::kCycles);
  EXPECT_DOUBLE_EQ(cycles.train, 1.5);
  EXPECT_DOUBLE_EQ(cycles.infer, 0.5);
  CandidateCosts reference = costs_of(200, 80);
  reference.train.energy = Picojoules::rounded(1000);
  EXPECT_DOUBLE_EQ(normalise(costs_of(300, 40), reference, CostUnit::kPicojoules).train, 3);
}

TEST(Objective, TheBoundIsTheValueOfAPerfectScore) {
  Objective objective;
  objective.alpha = 0.3;
  objective.beta = 0.3;
  const NormalisedCosts costs{1.5, 0.7};
  EXPECT_EQ(objective_bound(objective, costs), objective_values(objective, costs, 1));
  for (const double score : {0.0, 0.5, 0.99}) {
    EXPECT_LT(objective_bound(objective, costs)[0], objective_values(objective, costs, score)[0]);
  }
  // Weights that add up to 1 leave the score none, and no rounding error of one.
  objective.alpha = 0.7;
  EXPECT_EQ(objective_values(objective, costs, 0), objective_values(objective, costs, 1));
}

TEST(Objective, SeveralAreValuesOfTheirOwn) {
  Objective objective;
  objective.goals = {Goal::kScore, Goal::kInferCost};
  EXPECT_THAT(objective_values(objective, {2, 3}, 0.9), ElementsAre(-0.9, 3));
  EXPECT_THAT(objective_bound(objective, {2, 3}), ElementsAre(-1, 3));
  EXPECT_THAT(value_names(objective), ElementsAre("score", "infer_cost"));
  EXPECT_THAT(value_names(Objective()), ElementsAre("value"));
}

TEST(Objective, LimitsTellByHowMuchTheyAreExceeded) {
  Limits limits;
  limits.train_cycles = 100;
  limits.infer_energy_pj = 120;
  limits.parameters = 800;
  EXPECT_FALSE(violation(limits, costs_of(100, 40), std::nullopt));
  const auto found = violation(limits, costs_of(150, 50), std::nullopt);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->excess, 0.25 + 0.5);
  EXPECT_THAT(found->exceeded,
              ElementsAre("infer_energy_pj: 150, at most 120", "train_cycles: 150, at most 100"));
}

TEST(Objective, LimitsCoverEveryCost) {
  const CandidateCosts costs = costs_of(100, 40);
  std::vector<Limits> all(7);
  all[0].infer_energy_pj = 119;
  all[1].infer_cycles = 39;
  all[2].train_energy_pj = 999;
  all[3].train_cycles = 99;
  all[4].parameters = 799;
  all[5].macs = 699;
  all[6].score = 0.9;
  for (const Limits& limits : all) EXPECT_TRUE(violation(limits, costs, 0.5));
  EXPECT_FALSE(violation(all[6], costs, 0.9));
  EXPECT_FALSE(violation(all[6], costs, std::nullopt)) << "not known before training";
}

TEST(Objective, VariancesAreThoseOfTheScoreTimesTheSlopeSquared) {
  Objective objective;
  objective.alpha = 0.2;
  objective.beta = 0.1;
  for (const bool squared : {false, true}) {
    objective.score_squared = squared;
    const auto value = [&](double score) { return objective_values(objective, {1, 1}, score)[0]; };
    const double slope = (value(0.6 + 1e-6) - value(0.6 - 1e-6)) / 2e-6;
    EXPECT_THAT(objective_variances(objective, 0.6, 0.01),
                ElementsAre(::testing::DoubleNear(slope * slope * 0.01, 1e-9)));
  }
  objective.goals = {Goal::kTrainCost, Goal::kScore};
  EXPECT_THAT(objective_variances(objective, 0.6, 0.01), ElementsAre(0, 0.01));
}

TEST(Objective, ABoundIsRuledOutByACompleteTrialAsGood) {
  std::vector<Trial> history = {complete(0, {0.5}), complete(1, {0.3}), complete(2, {0.1})};
  history[2].state = TrialState::kInfeasible;
  EXPECT_EQ(ruled_out_by(std::vector{0.2}, history), nullptr);
  EXPECT_EQ(ruled_out_by(std::vector{0.3}, history)->number, 1u);
  EXPECT_EQ(ruled_out_by(std::vector{0.6}, history)->number, 0u);
}

TEST(Objective, AFrontRulesOutWhatItDominates) {
  const std::vector<Trial> history = {complete(0, {-0.9, 1}), complete(1, {-1, 2})};
  EXPECT_EQ(ruled_out_by(std::vector{-1.0, 1.5}, history), nullptr);
  EXPECT_EQ(ruled_out_by(std::vector{-1.0, 2.5}, history)->number, 1u);
}

}  // namespace
}  // namespace wattgrind
