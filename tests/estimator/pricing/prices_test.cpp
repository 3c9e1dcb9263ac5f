#include "estimator/pricing/prices.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

Machine three_levels() {
  Machine machine;
  machine.name = "three";
  for (const double latency : {4.0, 10.0, 41.0}) {
    CacheLevel level;
    level.name = "L" + std::to_string(machine.levels.size() + 1);
    level.geometry.value = {32768, 8, 64};
    level.latency_cycles.value = latency;
    machine.levels.push_back(level);
  }
  machine.levels[0].read_energy_pj.value = 8;
  machine.levels[0].write_energy_pj.value = 16;
  machine.levels[1].read_energy_pj.value = 92;
  machine.levels[1].write_energy_pj.value = 153;
  machine.levels[2].read_energy_pj.value = 343;
  machine.levels[2].write_energy_pj.value = 419;
  machine.dram.latency_cycles.value = 219;
  machine.dram.read_energy_pj.value = 35800;
  machine.dram.write_energy_pj.value = 40000;
  machine.operations.fp32_add_pj.value = 0.9;
  machine.operations.fp32_multiply_pj.value = 3.7;
  return machine;
}

EventCounts counts() {
  EventCounts counts;
  counts.refs = {1000, 200};
  counts.bytes = References{32000, 6400};
  counts.levels.resize(3);
  counts.levels[0] = {.accesses = 1200, .hits = 1100, .misses = 100};
  counts.levels[1] = {.accesses = 100, .hits = 70, .misses = 30};
  counts.levels[2] = {.accesses = 30, .hits = 20, .misses = 10};
  counts.dram.reads = 10;
  return counts;
}

TEST(LatencyCost, FollowsEquation21) {
  EXPECT_EQ(latency_cost(counts(), three_levels(), Accounting::kHits).value(),
            1100 * 4 + 70 * 10 + 20 * 41 + 10 * 219);
}

TEST(LatencyCost, AccessesAreTheAuthorsCode) {
  EXPECT_EQ(latency_cost(counts(), three_levels(), Accounting::kAccesses).value(),
            1200 * 4 + 100 * 10 + 30 * 41 + 10 * 219);
}

TEST(LatencyCost, AbsentHitsAreWhatMissesLeave) {
  EventCounts some = counts();
  some.levels[2] = {.accesses = 8, .hits = std::nullopt, .misses = 10};
  EXPECT_EQ(latency_cost(some, three_levels(), Accounting::kHits).value(),
            1100 * 4 + 70 * 10 + 10 * 219);
}

TEST(Energy, PricesWordsInL1AndLinesBelow) {
  const auto energy = energy_pj(counts(), {.macs = 1000, .other = 10, .padding_macs = 500},
                                machine_prices(three_levels()));
  EXPECT_NEAR(energy.compute.value(), 1000 * 4.6 + 10 * 0.9, 1e-3);
  EXPECT_EQ(energy.levels[0].value(), 4000 * 8 + 800 * 16);
  EXPECT_EQ(energy.levels[1].value(), 100 * 92);
  EXPECT_EQ(energy.levels[2].value(), 30 * 343);
  EXPECT_EQ(energy.dram.value(), 10 * 35800);
  EXPECT_FALSE(energy.static_energy.has_value());
}

TEST(Energy, LinesFromAboveAreWritten) {
  EventCounts some = counts();
  some.levels[0].write_backs = 7;  // two of them to lines that L2 does not hold
  some.levels[1].lines_from_above = 5;
  some.dram.write_backs = 2;
  const auto energy = energy_pj(some, {}, machine_prices(three_levels()));
  EXPECT_EQ(energy.levels[1].value(), 100 * 92 + 5 * 153);
  EXPECT_EQ(energy.dram.value(), 10 * 35800 + 2 * 40000);
}

TEST(Energy, RowsAddUpExactly) {
  const PriceTable prices = machine_prices(three_levels());
  EnergyBreakdown<Picojoules> sum;
  double total = 0;
  for (uint64_t i = 1; i < 1000; ++i) {
    EventCounts some = counts();
    some.bytes = References{i * 7919, i * 104729};
    some.levels[0].misses = i * 31;
    const auto energy = energy_pj(some, {.macs = i * 1237}, prices);
    sum += energy;
    total += energy.total().value();
  }
  EXPECT_EQ(sum.total().value(), total);
}

// Chen et al., ISCA 2016: AlexNet's fc2 fetches its 4096 x 4096 weights once from DRAM at 200 MACs
// a value: 3.36e9 of the 3.39e9 MAC energies in the paper's figure.
TEST(EyerissPrices, ChargeDramByTheValue) {
  const Machine machine = three_levels();
  EventCounts fc2;
  fc2.bytes = References{};
  fc2.levels.resize(3);
  fc2.dram.reads = 4096 * 4096 / 16;
  const auto energy = energy_macs(fc2, {}, eyeriss_prices(machine));
  EXPECT_NEAR(energy.dram.value(), 3.39e9, 0.1e9);
  EXPECT_EQ(eyeriss_prices(machine).levels[0].read_pj, 2);   // two values of 1
  EXPECT_EQ(eyeriss_prices(machine).levels[1].read_pj, 32);  // sixteen values of 2
  EXPECT_EQ(eyeriss_prices(machine).levels[2].read_pj, 96);  // sixteen values of 6
}

TEST(Energy, NormalisesToOneMac) {
  const auto energy = energy_macs(counts(), {.macs = 1000}, machine_prices(three_levels()));
  EXPECT_NEAR(energy.compute.value(), 1000, 1e-3);
}

TEST(OperationsPj, IntegersOf64BitsArePricedAsSeveralOf32) {
  OperationEnergy energies;
  energies.fp32_add_pj.value = 0.9;
  energies.fp32_multiply_pj.value = 3.7;
  energies.int_add_pj.value = 0.1;
  energies.int_multiply_pj.value = 3.1;
  OperationCounts operations;
  operations.macs = 60;
  operations.other = 7;
  EXPECT_DOUBLE_EQ(operations_pj(operations, ElementType::kInt64, energies),
                   60 * (4 * 3.1 + 2 * 0.1) + 7 * 2 * 0.1);
  EXPECT_DOUBLE_EQ(operations_pj(operations, ElementType::kFloat32, energies),
                   60 * (0.9 + 3.7) + 7 * 0.9);
}

}  // namespace
}  // namespace wattgrind
