#include "estimator/fit/energy_fit.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

// Two features; energies are 2 * a + 3 * b.
FeatureTable exact_table() {
  return {{{"a", "J"}, {"b", "J"}},
          {{"w0", {1, 0}, 2}, {"w1", {0, 1}, 3}, {"w2", {2, 5}, 19}, {"w3", {7, 1}, 17}}};
}

constexpr std::array<size_t, 4> kAll = {0, 1, 2, 3};

TEST(EnergyFit, FindsTheCoefficientsOfExactReadings) {
  for (const Weighting weighting : {Weighting::kAbsolute, Weighting::kRelative}) {
    const EnergyModel model = fit_energy(exact_table(), kAll, {0, 1}, {weighting, 0});
    EXPECT_NEAR(model.coefficients[0], 2, 1e-12);
    EXPECT_NEAR(model.coefficients[1], 3, 1e-12);
    EXPECT_NEAR(model.predict_j({10, 100}), 320, 1e-9);
  }
}

TEST(EnergyFit, UsesTheSamplesItIsGivenOnly) {
  FeatureTable table = exact_table();
  table.samples[3].energy_j = 1e6;
  EXPECT_NEAR(fit_energy(table, std::array<size_t, 3>{0, 1, 2}, {0, 1}, {}).coefficients[0], 2,
              1e-12);
}

TEST(EnergyFit, WeightsDecideWhatCounts) {
  // One feature, ratios energy / value of 1 and 2. Absolute: sum xy / sum xx. Relative: with
  // z = value / energy, sum z / sum zz.
  const FeatureTable table{{{"x", "J"}}, {{"w0", {1}, 1}, {"w1", {10}, 20}}};
  const std::array<size_t, 2> both = {0, 1};
  EXPECT_NEAR(fit_energy(table, both, {0}, {Weighting::kAbsolute, 0}).coefficients[0], 201.0 / 101,
              1e-12);
  EXPECT_NEAR(fit_energy(table, both, {0}, {Weighting::kRelative, 0}).coefficients[0],
              (1 + 0.5) / (1 + 0.25), 1e-12);
}

TEST(EnergyFit, NoCoefficientIsNegative) {
  // Energy falls with b: least squares would give it a negative price.
  const FeatureTable table{{{"a", "J"}, {"b", "J"}},
                           {{"w0", {10, 0}, 20}, {"w1", {10, 1}, 19}, {"w2", {10, 2}, 18}}};
  const EnergyModel model = fit_energy(table, std::array<size_t, 3>{0, 1, 2}, {0, 1}, {});
  EXPECT_EQ(model.coefficients[1], 0);
  EXPECT_NEAR(model.coefficients[0], 1.9, 1e-12);
}

TEST(EnergyFit, APriorWeighsAsManyReadingsAsItsStrength) {
  // One feature, one reading of coefficient 2, a prior of 4: strength 1 is the mean of both,
  // strength 3 three parts prior.
  FeatureTable table{{{"x", "J", FeatureKind::kEvent, 4.0}}, {{"w0", {5}, 10}}};
  const std::array<size_t, 1> one = {0};
  EXPECT_NEAR(fit_energy(table, one, {0}, {Weighting::kAbsolute, 0}).coefficients[0], 2, 1e-12);
  EXPECT_NEAR(fit_energy(table, one, {0}, {Weighting::kAbsolute, 1}).coefficients[0], 3, 1e-12);
  EXPECT_NEAR(fit_energy(table, one, {0}, {Weighting::kRelative, 3}).coefficients[0], 3.5, 1e-12);
  table.features[0].prior.reset();
  EXPECT_NEAR(fit_energy(table, one, {0}, {Weighting::kAbsolute, 3}).coefficients[0], 2, 1e-12);
}

TEST(EnergyFit, APriorDecidesWhatReadingsCannot) {
  // The features always occur together: the readings fix the sum of their prices, 6.
  const FeatureTable table{
      {{"a", "J", FeatureKind::kEvent, 1.0}, {"b", "J", FeatureKind::kEvent, 3.0}},
      {{"w0", {1, 1}, 6}, {"w1", {2, 2}, 12}}};
  const EnergyModel model =
      fit_energy(table, std::array<size_t, 2>{0, 1}, {0, 1}, {Weighting::kAbsolute, 1e-6});
  EXPECT_NEAR(model.coefficients[0], 2, 1e-3);
  EXPECT_NEAR(model.coefficients[1], 4, 1e-3);
}

TEST(FeatureTable, NamesTheWrongValue) {
  const auto error_of = [](const FeatureTable& table) {
    return error_text([&] { validate(table); });
  };
  EXPECT_EQ(error_of({{{"a", "J"}}, {{"w0", {-1}, 1}}}),
            "w0: 'a' must be a finite number of at least 0, found -1");
  EXPECT_EQ(error_of({{{"a", "J"}}, {{"w0", {std::numeric_limits<double>::quiet_NaN()}, 1}}}),
            "w0: 'a' must be a finite number of at least 0, found nan");
  EXPECT_EQ(error_of({{{"a", "J"}}, {{"w0", {1}, 0}}}), "w0: energy must be positive, found 0");
}

TEST(FeatureTable, PartsOfOneNetworkAreOneFold) {
  const FeatureTable table{{{"a", "J"}},
                           {{"net/conv1", {1}, 1, "net"},
                            {"other", {1}, 1},
                            {"net", {2}, 2, "net"},
                            {"net/conv1", {1}, 2, "net"}}};
  EXPECT_EQ(network_folds(table), (std::vector<Fold>{{0, 2, 3}, {1}}));
  EXPECT_EQ(workload_folds(table), (std::vector<Fold>{{0, 3}, {1}, {2}}));
  EXPECT_EQ(count_workloads(table, network_folds(table)[0]), 2u);
}

TEST(FeatureTable, SamplesOfOneWorkloadAreOneFold) {
  const FeatureTable table{{{"a", "J"}}, {{"x", {1}, 1}, {"y", {1}, 1}, {"x", {1}, 2}}};
  EXPECT_EQ(workload_folds(table), (std::vector<Fold>{{0, 2}, {1}}));
}

}  // namespace
}  // namespace wattgrind
