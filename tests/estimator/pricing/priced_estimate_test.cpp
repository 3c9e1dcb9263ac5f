#include "estimator/pricing/priced_estimate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

// One level of 1 cycle and no energy, DRAM of 9 cycles and none, 2 pJ a multiply-accumulate; of
// 0.5 ns each and 0.1 ns a cycle, at 3 W.
Machine machine() {
  Machine machine;
  machine.name = "small";
  machine.levels.resize(1);
  machine.levels[0].name = "L1";
  machine.levels[0].latency_cycles.value = 1;
  machine.dram.latency_cycles.value = 9;
  machine.operations.fp32_add_pj.value = 0.5;
  machine.operations.fp32_multiply_pj.value = 1.5;
  machine.prices = PriceOrigin::kCalibrated;
  machine.calibration = CalibrationOrigin{"readings.csv", 10, 10};
  machine.time = TimePrices{{0.5, "test"}, {0.1, "test"}, 20};
  machine.static_power_w = Sourced<double>{3, "test"};
  return machine;
}

CountedRow row(const std::string& name, uint64_t macs, uint64_t hits, uint64_t misses) {
  CountedRow row;
  row.name = name;
  row.operations.macs = macs;
  row.counts.refs = {hits + misses, 0};
  row.counts.levels = {{.accesses = hits + misses, .hits = hits, .misses = misses}};
  row.counts.dram.reads = misses;
  return row;
}

NetworkCounts counts() {
  NetworkCounts counts;
  counts.network = "net";
  counts.rows = {row("a", 1000, 100, 0), row("b", 200, 55, 5)};
  return counts;
}

Pricing own_prices(const Machine& machine) { return {machine_prices(machine)}; }

TEST(PricedEstimate, StaticEnergyIsPowerOverTheRowsTime) {
  const Estimate estimate = price_estimate(counts(), machine(), own_prices(machine()), {});
  // 1000 * 0.5 ns + 100 * 0.1 ns, and 200 * 0.5 ns + (55 + 5 * 9) * 0.1 ns.
  ASSERT_TRUE(estimate.rows[0].time_s.has_value());
  EXPECT_NEAR(*estimate.rows[0].time_s, 510e-9, 1e-15);
  EXPECT_NEAR(*estimate.total.time_s, 620e-9, 1e-15);
  const EnergyParts first = energy_of(estimate.rows[0].energy, EnergyScope::kEvents);
  EXPECT_DOUBLE_EQ(first.compute, 2000);
  EXPECT_NEAR(first.static_energy.value(), 3 * 510e-9 * 1e12, 1);
  EXPECT_NEAR(energy_of(estimate.total.energy, EnergyScope::kEvents).total,
              2400 + 3 * 620e-9 * 1e12, 2);
}

TEST(PricedEstimate, WithoutAPowerOrATimeThereIsNoStaticEnergy) {
  for (const bool timed : {false, true}) {
    Machine some = machine();
    if (timed) {
      some.static_power_w.reset();
    } else {
      some.time.reset();
    }
    const Estimate estimate = price_estimate(counts(), some, own_prices(some), {});
    EXPECT_EQ(estimate.total.time_s.has_value(), timed);
    EXPECT_FALSE(energy_of(estimate.total.energy, EnergyScope::kEvents).static_energy.has_value());
  }
}

TEST(PricedEstimate, TheIntervalIsThePricesAndOnStaticEnergyTheTimes) {
  const Estimate estimate = price_estimate(counts(), machine(), own_prices(machine()), {});
  const double static_pj = 3 * 620e-9 * 1e12, total_pj = 2400 + static_pj;
  const double half_pj = std::sqrt(0.01 * total_pj * total_pj + 0.04 * static_pj * static_pj);
  const auto interval = energy_interval(estimate, estimate.total);
  ASSERT_TRUE(interval.has_value());
  EXPECT_NEAR(interval->low_pj, total_pj - half_pj, 3);
  EXPECT_NEAR(interval->high_pj, total_pj + half_pj, 3);
}

TEST(PricedEstimate, NoIntervalEndsBelowZero) {
  Machine vague = machine();
  vague.calibration->interval_percent = 250;
  const Estimate estimate = price_estimate(counts(), vague, own_prices(vague), {});
  EXPECT_EQ(energy_interval(estimate, estimate.total)->low_pj, 0);
}

TEST(PricedEstimate, OnlyCalibratedPicojoulesHaveAnInterval) {
  Pricing in_macs = own_prices(machine());
  in_macs.unit = EnergyUnit::kMacs;
  const Estimate relative = price_estimate(counts(), machine(), in_macs, {});
  EXPECT_FALSE(energy_interval(relative, relative.total).has_value());
  Machine uncalibrated = machine();
  uncalibrated.prices = PriceOrigin::kDefault;
  uncalibrated.calibration.reset();
  const Estimate plain = price_estimate(counts(), uncalibrated, own_prices(uncalibrated), {});
  EXPECT_FALSE(energy_interval(plain, plain.total).has_value());
}

TEST(PricedEstimate, TheTotalIsOfTheLayersThatAreKept) {
  const Estimate estimate = price_estimate(counts(), machine(), own_prices(machine()), {"b"});
  ASSERT_EQ(estimate.rows.size(), 1u);
  EXPECT_EQ(estimate.total.row.operations.macs, 200u);
  EXPECT_EQ(estimate.total.cost.value(), 55 + 5 * 9);
  EXPECT_EQ(error_text([] { price_estimate(counts(), machine(), own_prices(machine()), {"c"}); },
                       ErrorKind::kUsage),
            "net has no layer c");
}

}  // namespace
}  // namespace wattgrind
