#include "estimator/fit/linear_fit.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

const FitTarget kTarget{"weight", "g"};

// Two features, of which the target is 2 * a + 3 * b.
FeatureTable exact_table() {
  return {kTarget,
          {{"a", "J"}, {"b", "J"}},
          {{"w0", {1, 0}, 2}, {"w1", {0, 1}, 3}, {"w2", {2, 5}, 19}, {"w3", {7, 1}, 17}}};
}

constexpr std::array<size_t, 4> kAll = {0, 1, 2, 3};

TEST(LinearFit, FindsTheCoefficientsOfExactSamples) {
  for (const Weighting weighting : {Weighting::kAbsolute, Weighting::kRelative}) {
    const LinearModel model = fit_linear(exact_table(), kAll, {0, 1}, {weighting, 0});
    EXPECT_NEAR(model.coefficients[0], 2, 1e-12);
    EXPECT_NEAR(model.coefficients[1], 3, 1e-12);
    EXPECT_NEAR(model.predict({10, 100}), 320, 1e-9);
  }
}

TEST(LinearFit, UsesTheSamplesItIsGivenOnly) {
  FeatureTable table = exact_table();
  table.samples[3].target = 1e6;
  EXPECT_NEAR(fit_linear(table, std::array<size_t, 3>{0, 1, 2}, {0, 1}, {}).coefficients[0], 2,
              1e-12);
}

TEST(LinearFit, WeightsDecideWhatCounts) {
  // One feature, ratios target / value of 1 and 2. Absolute: sum xy / sum xx. Relative: with
  // z = value / target, sum z / sum zz.
  const FeatureTable table{kTarget, {{"x", "J"}}, {{"w0", {1}, 1}, {"w1", {10}, 20}}};
  const std::array<size_t, 2> both = {0, 1};
  EXPECT_NEAR(fit_linear(table, both, {0}, {Weighting::kAbsolute, 0}).coefficients[0], 201.0 / 101,
              1e-12);
  EXPECT_NEAR(fit_linear(table, both, {0}, {Weighting::kRelative, 0}).coefficients[0],
              (1 + 0.5) / (1 + 0.25), 1e-12);
}

TEST(LinearFit, NoCoefficientIsNegative) {
  // The target falls with b: least squares would give it a negative coefficient.
  const FeatureTable table{kTarget,
                           {{"a", "J"}, {"b", "J"}},
                           {{"w0", {10, 0}, 20}, {"w1", {10, 1}, 19}, {"w2", {10, 2}, 18}}};
  const LinearModel model = fit_linear(table, std::array<size_t, 3>{0, 1, 2}, {0, 1}, {});
  EXPECT_EQ(model.coefficients[1], 0);
  EXPECT_NEAR(model.coefficients[0], 1.9, 1e-12);
}

TEST(LinearFit, APriorWeighsAsManySamplesAsItsStrength) {
  // One feature, one sample of coefficient 2, a prior of 4: strength 1 is the mean of both,
  // strength 3 three parts prior.
  FeatureTable table{kTarget, {{"x", "J", FeatureKind::kNested, 4.0}}, {{"w0", {5}, 10}}};
  const std::array<size_t, 1> one = {0};
  EXPECT_NEAR(fit_linear(table, one, {0}, {Weighting::kAbsolute, 0}).coefficients[0], 2, 1e-12);
  EXPECT_NEAR(fit_linear(table, one, {0}, {Weighting::kAbsolute, 1}).coefficients[0], 3, 1e-12);
  EXPECT_NEAR(fit_linear(table, one, {0}, {Weighting::kRelative, 3}).coefficients[0], 3.5, 1e-12);
  table.features[0].prior.reset();
  EXPECT_NEAR(fit_linear(table, one, {0}, {Weighting::kAbsolute, 3}).coefficients[0], 2, 1e-12);
}

TEST(LinearFit, APriorDecidesWhatSamplesCannot) {
  // The features always occur together: the samples fix the sum of their coefficients, 6.
  const FeatureTable table{
      kTarget,
      {{"a", "J", FeatureKind::kNested, 1.0}, {"b", "J", FeatureKind::kNested, 3.0}},
      {{"w0", {1, 1}, 6}, {"w1", {2, 2}, 12}}};
  const LinearModel model =
      fit_linear(table, std::array<size_t, 2>{0, 1}, {0, 1}, {Weighting::kAbsolute, 1e-6});
  EXPECT_NEAR(model.coefficients[0], 2, 1e-3);
  EXPECT_NEAR(model.coefficients[1], 4, 1e-3);
}

TEST(FeatureTable, NamesTheWrongValue) {
  const auto error_of = [](const FeatureTable& table) {
    return error_text([&] { validate(table); });
  };
  EXPECT_EQ(error_of({kTarget, {{"a", "J"}}, {{"w0", {-1}, 1}}}),
            "w0: 'a' must be a finite number of at least 0, found -1");
  EXPECT_EQ(
      error_of({kTarget, {{"a", "J"}}, {{"w0", {std::numeric_limits<double>::quiet_NaN()}, 1}}}),
      "w0: 'a' must be a finite number of at least 0, found nan");
  EXPECT_EQ(error_of({kTarget, {{"a", "J"}}, {{"w0", {1}, 0}}}),
            "w0: weight must be positive, found 0");
}

TEST(FeatureTable, PartsOfOneNetworkAreOneFold) {
  const FeatureTable table{kTarget,
                           {{"a", "J"}},
                           {{"net/conv1", {1}, 1, "net"},
                            {"other", {1}, 1},
                            {"net", {2}, 2, "net"},
                            {"net/conv1", {1}, 2, "net"}}};
  EXPECT_EQ(network_folds(table), (std::vector<Fold>{{0, 2, 3}, {1}}));
  EXPECT_EQ(workload_folds(table), (std::vector<Fold>{{0, 3}, {1}, {2}}));
  EXPECT_EQ(count_workloads(table, network_folds(table)[0]), 2u);
}

TEST(FeatureTable, SamplesOfOneWorkloadAreOneFold) {
  const FeatureTable table{kTarget, {{"a", "J"}}, {{"x", {1}, 1}, {"y", {1}, 1}, {"x", {1}, 2}}};
  EXPECT_EQ(workload_folds(table), (std::vector<Fold>{{0, 2}, {1}}));
}

}  // namespace
}  // namespace wattgrind
