#include "estimator/calibration/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "estimator/formats/csv.h"
#include "tests/error_text.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

const FitTarget kTarget{"energy", "J"};

double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

// Energies from prices of operations and DRAM and a static power; the middle level costs nothing.
FeatureTable synthetic(double noise, size_t samples = 30) {
  std::mt19937_64 random(5);
  FeatureTable table{
      kTarget,
      {{"operations", "pJ"}, {"DRAM", "pJ"}, {"L2", "pJ"}, {"time", "W", FeatureKind::kOptional}},
      {}};
  for (size_t i = 0; i < samples; ++i) {
    const double operations = std::exp(3 * uniform(random));
    const double dram = operations * uniform(random);
    const double time = operations * (0.5 + uniform(random));
    const double energy = 2 * operations + 5 * dram + 1 * time;
    table.samples.push_back({"w" + std::to_string(i),
                             {operations, dram, operations * uniform(random), time},
                             energy * (1 + noise * (2 * uniform(random) - 1))});
  }
  return table;
}

Baseline column(const FeatureTable& table, size_t feature) {
  Baseline baseline{table.features[feature].name, {}};
  for (const Sample& sample : table.samples) baseline.values.push_back(sample.values[feature]);
  return baseline;
}

TEST(Calibration, NestedModelsAreLeadingFeaturesWithAndWithoutOptionalOnes) {
  EXPECT_EQ(
      nested_models(synthetic(0)),
      (std::vector<FeatureSet>{{3}, {0}, {0, 3}, {0, 1}, {0, 1, 3}, {0, 1, 2}, {0, 1, 2, 3}}));
}

// Networks of five layers and the whole; each network has a price of operations of its own.
FeatureTable networks_by_layer(size_t networks) {
  std::mt19937_64 random(7);
  FeatureTable table{kTarget, {{"operations", "pJ"}}, {}};
  for (size_t network = 0; network < networks; ++network) {
    const std::string name = "net" + std::to_string(network);
    const double price = 1 + 0.2 * static_cast<double>(network);
    double sum = 0;
    for (int layer = 0; layer < 5; ++layer) {
      const double operations = 1 + uniform(random);
      sum += operations;
      table.samples.push_back(
          {name + "/" + std::to_string(layer), {operations}, price * operations, name});
    }
    table.samples.push_back({name, {sum}, price * sum, name});
  }
  return table;
}

TEST(Calibration, NetworksAreLeftOutWithTheirLayers) {
  // By hand: each network predicted at the mean price, weighed alike, of the two others.
  const Calibration three = calibrate(networks_by_layer(3), {}, {{Weighting::kRelative, 0}, {}});
  EXPECT_EQ(three.leaving_out, LeavingOut::kNetworks);
  ASSERT_EQ(three.nested.left_out.samples.size(), 18u);
  const double prices[] = {1, 1.2, 1.4};
  const auto fitted = [&](int a, int b) {  // relative weights: sum 1/p over sum 1/p^2
    return (1 / prices[a] + 1 / prices[b]) /
           (1 / (prices[a] * prices[a]) + 1 / (prices[b] * prices[b]));
  };
  const double error =
      (std::abs(fitted(1, 2) / prices[0] - 1) + std::abs(fitted(0, 2) / prices[1] - 1) +
       std::abs(fitted(0, 1) / prices[2] - 1)) /
      3;
  EXPECT_NEAR(three.left_out.mape_percent, 100 * error, 1e-9);
  // Student's t, 97.5 %, of 18 workloads less one term (Abramowitz and Stegun, table 26.10: 2.110).
  EXPECT_NEAR(three.interval_percent / three.left_out.rmspe_percent, 2.110, 0.0005);
  EXPECT_EQ(calibrate(networks_by_layer(2), {}, {}).leaving_out, LeavingOut::kPartsOfFewNetworks);
  EXPECT_EQ(calibrate(synthetic(0.02), {}, {}).leaving_out, LeavingOut::kWorkloads);
}

TEST(Calibration, ChoosesTheTermsThatMadeTheEnergies) {
  const FeatureTable table = synthetic(0.02);
  const Calibration result = calibrate(table, {column(table, 0)}, {});
  EXPECT_EQ(result.model.features, (FeatureSet{0, 1, 3}));
  const double truth[] = {2, 5, 1};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_LE(result.coefficients[i].low, truth[i]) << i;
    EXPECT_GE(result.coefficients[i].high, truth[i]) << i;
    EXPECT_NEAR(result.model.coefficients[i], truth[i], 0.1 * truth[i]) << i;
  }
  EXPECT_LT(result.left_out.mape_percent, 2);
  EXPECT_FALSE(result.winning_baseline);
}

TEST(Calibration, NineteenOfTwentyNewLoadsAreInsideTheInterval) {
  const FeatureTable all = synthetic(0.1, 1030);
  FeatureTable table = all;
  table.samples.resize(30);
  const Calibration result = calibrate(table, {}, {});
  int inside = 0;
  for (size_t i = 30; i < all.samples.size(); ++i) {
    const double predicted = result.model.predict(all.samples[i].values);
    inside += std::abs(all.samples[i].target / predicted - 1) < result.interval_percent / 100;
  }
  EXPECT_GE(inside, 930);
}

TEST(Calibration, SaysWhichBaselineWins) {
  // Energy is a line in "load" with an intercept: no sum of the features makes one.
  FeatureTable table{kTarget, {{"operations", "pJ"}}, {}};
  Baseline load{"load", {}};
  for (int i = 1; i <= 8; ++i) {
    table.samples.push_back({"w" + std::to_string(i), {double(i % 3 + 1)}, 100.0 + i});
    load.values.push_back(i);
  }
  const Calibration result = calibrate(table, {load}, {});
  ASSERT_TRUE(result.winning_baseline);
  const BaselineScore& winner = result.baselines[*result.winning_baseline];
  EXPECT_EQ(winner.name, "load");
  EXPECT_EQ(winner.form, BaselineForm::kLine);
  EXPECT_NEAR(winner.line.intercept, 100, 1e-9);
  EXPECT_NEAR(winner.line.slope, 1, 1e-9);
  EXPECT_NEAR(winner.left_out.mape_percent, 0, 1e-9);
}

TEST(Calibration, TooFewReadingsAreRefusedWithTheTermsToDrop) {
  const auto error_of = [](size_t samples) {
    FeatureTable table = synthetic(0);
    table.samples.resize(samples);
    return error_text([&] { calibrate(table, {}, {}); });
  };
  EXPECT_EQ(error_of(1),
            "readings of 1 workload: measure at least 3, so that each can be left out in turn");
  EXPECT_EQ(error_of(3),
            "readings of 3 workloads cannot fix 4 coefficients: measure 1 more, or drop the terms "
            "time (keep operations,DRAM,L2)");
  EXPECT_EQ(error_of(4), "nothing thrown");
  CalibrationOptions options;
  options.keep_words = "--terms";
  FeatureTable table = synthetic(0);
  table.samples.resize(3);
  EXPECT_TRUE(error_text([&] {
                calibrate(table, {}, options);
              }).ends_with("drop the terms time (--terms operations,DRAM,L2)"));
}

TEST(Baseline, LinesAreLeastSquares) {
  const std::vector<double> values = {1, 2, 3}, energies = {2, 4, 9};
  const StraightLine line = fit_line(values, energies, BaselineForm::kLine, Weighting::kAbsolute);
  EXPECT_NEAR(line.slope, 3.5, 1e-12);
  EXPECT_NEAR(line.intercept, -2, 1e-12);
  const StraightLine proportion =
      fit_line(values, energies, BaselineForm::kProportion, Weighting::kAbsolute);
  EXPECT_NEAR(proportion.slope, (2 + 8 + 27) / 14.0, 1e-12);
  EXPECT_EQ(proportion.intercept, 0);
  const StraightLine relative =
      fit_line(values, energies, BaselineForm::kProportion, Weighting::kRelative);
  const double z[] = {1 / 2.0, 2 / 4.0, 3 / 9.0};
  EXPECT_NEAR(relative.slope, (z[0] + z[1] + z[2]) / (z[0] * z[0] + z[1] * z[1] + z[2] * z[2]),
              1e-12);
}

// Published for powerML's eight readings: leave-one-out MAPE of the proxy 16.2 % as a line and
// 11.7 % in proportion, of MACs 11.9 % and 6.0 %; r 0.9919 and 0.9976.
TEST(Baseline, ReproducesThePublishedErrorsOfPowerMl) {
  const std::filesystem::path path = shared_folder() / "measurements/powerml_killawatt.csv";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "skipped: no data";
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const CsvTable csv = parse_csv(text.str(), "powerml_killawatt.csv");
  FeatureTable table{kTarget, {{"macs", "pJ"}}, {}};
  Baseline macs{"MACs", {}}, cycles{"latency cost", {}};
  for (const CsvRow& row : csv.rows) {
    macs.values.push_back(csv.number(row, csv.column("macs")));
    cycles.values.push_back(csv.number(row, csv.column("cycles")));
    table.samples.push_back(
        {row.fields[0], {macs.values.back()}, csv.number(row, csv.column("energy"))});
  }
  const Calibration result = calibrate(table, {macs, cycles}, {});
  ASSERT_EQ(result.baselines.size(), 4u);
  EXPECT_NEAR(result.baselines[0].left_out.mape_percent, 6.0, 0.05);
  EXPECT_NEAR(result.baselines[1].left_out.mape_percent, 11.9, 0.05);
  EXPECT_NEAR(result.baselines[2].left_out.mape_percent, 11.7, 0.05);
  EXPECT_NEAR(result.baselines[3].left_out.mape_percent, 16.2, 0.05);
  EXPECT_NEAR(result.baselines[0].in_sample.r.value(), 0.9976, 0.00005);
  EXPECT_NEAR(result.baselines[2].in_sample.r.value(), 0.9919, 0.00005);
  // With MACs as the one term, calibration is that baseline, and says there is nothing to win.
  EXPECT_NEAR(result.left_out.mape_percent, result.baselines[0].left_out.mape_percent, 1e-9);
  EXPECT_FALSE(result.winning_baseline);
}

}  // namespace
}  // namespace wattgrind
