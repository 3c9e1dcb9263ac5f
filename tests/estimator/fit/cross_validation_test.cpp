#include "estimator/fit/cross_validation.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

const FitTarget kTarget{"weight", "g"};

TEST(CrossValidation, EachFoldIsPredictedByTheOthers) {
  const std::vector<Fold> folds = {{0, 3}, {1}, {2}};
  std::vector<std::vector<size_t>> trained;
  const LeftOut left_out =
      leave_one_out(folds, [&](std::span<const size_t> train, std::span<const size_t> test) {
        trained.emplace_back(train.begin(), train.end());
        std::vector<double> predicted;
        for (const size_t i : test) predicted.push_back(10.0 * static_cast<double>(i));
        return predicted;
      });
  EXPECT_EQ(trained, (std::vector<std::vector<size_t>>{{1, 2}, {0, 3, 2}, {0, 3, 1}}));
  EXPECT_EQ(left_out.samples, (std::vector<size_t>{0, 3, 1, 2}));
  EXPECT_EQ(left_out.predicted, (std::vector<double>{0, 30, 10, 20}));
}

// The target is 5 * a, give or take a few percent; b is unrelated.
FeatureTable noisy_table() {
  return {kTarget,
          {{"a", "J"}, {"b", "J"}},
          {{"w0", {1, 9}, 5.1},
           {"w1", {2, 1}, 9.9},
           {"w2", {3, 7}, 15.2},
           {"w3", {4, 2}, 19.7},
           {"w4", {5, 8}, 25.3},
           {"w5", {6, 3}, 29.8}}};
}

TEST(CrossValidation, ScoresAreThoseOfRatiosWorkedOutByHand) {
  // One feature, relative weights, ratios value / target z: the fit is sum z / sum zz.
  const FeatureTable table{kTarget, {{"a", "J"}}, {{"w0", {1}, 1}, {"w1", {1}, 2}, {"w2", {1}, 4}}};
  const std::vector<Fold> folds = workload_folds(table);
  const auto scored =
      score_models(table, folds, std::vector<FeatureSet>{{0}}, {Weighting::kRelative, 0});
  const double without_0 = (0.5 + 0.25) / (0.25 + 0.0625);
  const double without_1 = (1 + 0.25) / (1 + 0.0625);
  const double without_2 = (1 + 0.5) / (1 + 0.25);
  EXPECT_NEAR(scored[0].left_out->mape_percent,
              100.0 / 3 * ((without_0 - 1) + (2 - without_1) / 2 + (4 - without_2) / 4), 1e-9);
}

TEST(CrossValidation, AModelWithMoreFeaturesThanSamplesLeftHasNoScore) {
  const FeatureTable table{
      kTarget, {{"a", "J"}, {"b", "J"}}, {{"w0", {1, 2}, 1}, {"w1", {2, 1}, 2}}};
  const auto scored =
      score_models(table, workload_folds(table), std::vector<FeatureSet>{{0}, {0, 1}}, {});
  EXPECT_TRUE(scored[0].left_out);
  EXPECT_FALSE(scored[1].left_out);
  EXPECT_EQ(best_model(scored), 0u);
}

TEST(CrossValidation, AmongEqualsTheEarlierModelIsChosen) {
  FeatureTable table = noisy_table();
  for (Sample& sample : table.samples) sample.values[1] = 0;  // a feature that explains nothing
  const auto scored =
      score_models(table, workload_folds(table), std::vector<FeatureSet>{{0}, {0, 1}}, {});
  EXPECT_NEAR(scored[0].left_out->mape_percent, scored[1].left_out->mape_percent, 1e-9);
  EXPECT_EQ(best_model(scored), 0u);
}

TEST(CrossValidation, ANestedPredictionNeverSawItsWorkload) {
  const std::vector<FeatureSet> candidates = {{0}, {1}, {0, 1}};
  const FeatureTable table = noisy_table();
  const std::vector<Fold> folds = workload_folds(table);
  const NestedResult before = nested_cross_validation(table, folds, candidates, {});
  for (size_t i = 0; i < folds.size(); ++i) {
    FeatureTable changed = table;
    changed.samples[i].target *= 100;
    const NestedResult after = nested_cross_validation(changed, folds, candidates, {});
    EXPECT_EQ(after.left_out.predicted[i], before.left_out.predicted[i]) << i;
    EXPECT_EQ(after.chosen[i], before.chosen[i]) << i;
  }
}

TEST(CrossValidation, ChoosingInsideEachFoldCostsAccuracy) {
  // The best model picked with all readings in sight cannot be worse than one picked without.
  const std::vector<FeatureSet> candidates = {{0}, {1}, {0, 1}};
  const FeatureTable table = noisy_table();
  const std::vector<Fold> folds = workload_folds(table);
  const auto scored = score_models(table, folds, candidates, {});
  const NestedResult nested = nested_cross_validation(table, folds, candidates, {});
  EXPECT_GE(quality(table, nested.left_out).mape_percent,
            scored[best_model(scored)].left_out->mape_percent - 1e-9);
}

}  // namespace
}  // namespace wattgrind
