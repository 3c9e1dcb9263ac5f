// Time and energy by hand from counts and figures.
#include "estimator/pricing/running_energy.h"

#include <gtest/gtest.h>

#include <cmath>

#include "estimator/pricing/predicted_time.h"
#include "estimator/pricing/priced_estimate.h"
#include "estimator/pricing/uncertainty.h"

namespace wattgrind {
namespace {

Sourced<double> figure(double value, Basis basis = Basis::kPublished) {
  return {value, "test", basis};
}

// Two levels and DRAM; 2 GHz, 1 GHz with 512-bit vectors; 32 B a cycle from L2, 4 GB/s from DRAM.
Machine small_server() {
  Machine machine;
  machine.name = "small";
  machine.isa = Isa::kAvx512;
  machine.levels.resize(2);
  machine.levels[0].name = "L1";
  machine.levels[1].name = "L2";
  for (CacheLevel& level : machine.levels) level.geometry.value = {32768, 8, 64};
  machine.levels[1].bytes_per_cycle = figure(32);
  machine.dram.read_bytes_per_s = figure(4e9);
  machine.frequency_hz = figure(2e9);
  machine.clocks.vector_512_hz = figure(1e9);
  machine.cores = figure(10);
  machine.packages = figure(2);
  machine.power = Power{figure(90),  figure(20), figure(5),  figure(3),
                        figure(0.1), figure(10), figure(40), figure(0.8)};
  machine.instructions = InstructionEnergy{figure(100), figure(10), figure(50), figure(20)};
  return machine;
}

InstructionCounts instructions() {
  InstructionCounts counts;
  counts.by_class = {1000, 0, 400, 100, 0, 300, 200};
  counts.memory_operands = 600;
  counts.vector_128_bits = 4000;
  return counts;
}

EventCounts events(uint64_t cycles, uint64_t l2_lines, uint64_t dram_lines) {
  EventCounts counts;
  counts.refs = {l2_lines, 0};
  counts.levels.resize(2);
  counts.levels[0] = {.accesses = l2_lines, .hits = 0, .misses = l2_lines};
  counts.levels[1] = {.accesses = l2_lines, .hits = l2_lines - dram_lines, .misses = dram_lines};
  counts.dram.reads = dram_lines;
  counts.core_cycles = cycles;
  counts.instructions = instructions();
  return counts;
}

TEST(PredictedTime, IsTheLongerOfComputingAndMovingLines) {
  const Machine machine = small_server();
  const CoreUse wide{Isa::kAvx512, true};
  // 6,000 cycles at 1 GHz; 950 lines that L2 serves at half a line a cycle; 50 lines at 4 GB/s.
  const PredictedTime computing = predicted_time(events(6000, 1000, 50), machine, wide).value();
  EXPECT_DOUBLE_EQ(computing.core_s, 6e-6);
  EXPECT_DOUBLE_EQ(computing.lines_s.at(0), 1.9e-6);
  EXPECT_DOUBLE_EQ(computing.dram_s, 50 * 64 / 4e9);
  EXPECT_DOUBLE_EQ(computing.seconds, 6e-6);
  const PredictedTime moving = predicted_time(events(1000, 1000, 50), machine, wide).value();
  EXPECT_DOUBLE_EQ(moving.seconds, 1.9e-6 + 0.8e-6);
}

TEST(PredictedTime, DirtyLinesTakeTheBandwidthOfTheLevelBelow) {
  EventCounts counts = events(1000, 1000, 50);
  counts.levels[0].write_backs = 200;  // into L2
  counts.levels[1].lines_from_above = 200;
  counts.levels[1].write_backs = counts.dram.write_backs = 100;
  const PredictedTime time = predicted_time(counts, small_server(), {Isa::kAvx512, true}).value();
  EXPECT_DOUBLE_EQ(time.lines_s.at(0), 1.9e-6 + 0.4e-6);
  EXPECT_DOUBLE_EQ(time.dram_s, 150 * 64 / 4e9);
}

TEST(PredictedTime, ACoreThatDoesNotReorderWaits) {
  const PredictedTime time =
      predicted_time(events(6000, 1000, 50), small_server(), {Isa::kAvx512, false}).value();
  EXPECT_DOUBLE_EQ(time.seconds, 6e-6 + 1.9e-6 + 0.8e-6);
}

TEST(PredictedTime, NarrowerVectorsHaveTheirOwnClock) {
  const Machine machine = small_server();
  EXPECT_EQ(clock_hz(machine, Isa::kAvx512).value, 1e9);
  EXPECT_EQ(clock_hz(machine, Isa::kAvx2).value, 2e9);
  EXPECT_EQ(clock_hz(machine, Isa::kNeon).value, 2e9);
}

TEST(PredictedTime, IsAbsentWhereAFigureIs) {
  Machine machine = small_server();
  EventCounts counts = events(6000, 1000, 50);
  counts.core_cycles.reset();
  EXPECT_FALSE(predicted_time(counts, machine, {}).has_value());
  machine.dram.read_bytes_per_s.reset();
  EXPECT_FALSE(predicted_time(events(6000, 1000, 50), machine, {}).has_value());
  EXPECT_TRUE(predicted_time(events(6000, 1000, 0), machine, {}).has_value());
  machine.levels[1].bytes_per_cycle.reset();
  EXPECT_FALSE(predicted_time(events(6000, 1000, 0), machine, {}).has_value());
}

TEST(RunningEnergy, InstructionsArePricedByWhatTheyAre) {
  EXPECT_DOUBLE_EQ(instructions_pj(instructions(), *small_server().instructions),
                   2000 * 100 + 4000 * 10 + 600 * 50 + 200 * 20);
}

TEST(RunningEnergy, IdleIsAllOfItACoresShareOrNone) {
  const Machine machine = small_server();
  const RunningPower all = running_power(machine, kAllIdle).value();
  EXPECT_DOUBLE_EQ(all.awake_w, 5 + 3);
  EXPECT_DOUBLE_EQ(all.idle_w.value(), 2 * 20);
  EXPECT_DOUBLE_EQ(all.around_w.value(), 40 + 10 * 0.1);
  EXPECT_DOUBLE_EQ(running_power(machine, kCoresIdle)->idle_w.value(), 2 * 20 / 20.0);
  EXPECT_DOUBLE_EQ(running_power(machine, kNoIdle)->idle_w.value(), 0);
}

TEST(RunningEnergy, SharesOfIdleHaveWords) {
  EXPECT_EQ(idle_share_named("all"), kAllIdle);
  EXPECT_EQ(idle_share_named("none"), kNoIdle);
  EXPECT_EQ(idle_share_named("share=1/cores"), kCoresIdle);
  EXPECT_EQ(idle_share_named("share=0.25"), IdleShare{0.25});
  for (const char* word :
       {"share=1.5", "share=-0.1", "share=", "share=half", "share=0.5x", "some", "share=nan"}) {
    EXPECT_FALSE(idle_share_named(word).has_value()) << word;
  }
}

Estimate priced(const Machine& machine, EnergyScope scope) {
  NetworkCounts counts;
  counts.network = "net";
  counts.origin.isa = Isa::kAvx512;
  counts.rows.resize(2);
  counts.rows[0].name = "a";
  counts.rows[0].counts = events(6000, 1000, 0);
  counts.rows[1].name = "b";
  counts.rows[1].counts = events(1000, 1000, 0);
  Pricing pricing{machine_prices(machine)};
  pricing.scope = scope;
  return price_estimate(std::move(counts), machine, pricing, {});
}

// Rows of 6 and 2 us: 8 W awake, 40 W idle, 41 W around, 0.8 of the wall.
TEST(RunningEnergy, EachEnergyHoldsTheOneBefore) {
  const Estimate estimate = priced(small_server(), EnergyScope::kRunning);
  const EnergyParts parts = energy_of(estimate.total.energy, EnergyScope::kRunning);
  const double activity_pj = 2 * 274'000;
  EXPECT_DOUBLE_EQ(parts.activity.value(), activity_pj);
  EXPECT_NEAR(parts.running.value(), activity_pj + 8 * 8e6, 1);
  EXPECT_NEAR(parts.machine.value(), activity_pj + 48 * 8e6, 1);
  EXPECT_NEAR(parts.wall.value(), (activity_pj + 89 * 8e6) / 0.8, 2);
  EXPECT_EQ(parts.total, parts.running.value());
  EXPECT_DOUBLE_EQ(estimate.total.time_s.value(), 8e-6);
}

TEST(RunningEnergy, WithoutFiguresThereIsTheEnergyOfEvents) {
  Machine machine = small_server();
  machine.instructions.reset();
  machine.power.reset();
  const Estimate estimate = priced(machine, EnergyScope::kRunning);
  const EnergyParts parts = energy_of(estimate.total.energy, EnergyScope::kRunning);
  EXPECT_FALSE(parts.activity.has_value());
  EXPECT_FALSE(parts.running.has_value());
  EXPECT_EQ(parts.total, energy_of(estimate.total.energy, EnergyScope::kEvents).total);
  EXPECT_FALSE(energy_factor(estimate, estimate.total).has_value());
}

// Half of the time is of figures within 1.25 and half within 2.5, and the core's model of 1.25.
TEST(Uncertainty, PartsAreIndependentAndAddUpByTheirSize) {
  Machine machine = small_server();
  machine.levels[1].bytes_per_cycle = figure(32, Basis::kAssumed);
  NetworkCounts counts;
  counts.origin.isa = Isa::kAvx512;
  counts.rows.resize(1);
  counts.rows[0].counts = events(2000, 1000, 0);
  const Estimate estimate =
      price_estimate(std::move(counts), machine, {machine_prices(machine)}, {});
  const double core = std::hypot(0.25, 0.25), lines = std::hypot(1.5, 0.25);
  EXPECT_NEAR(time_factor(estimate, estimate.total).value(), 1 + std::hypot(core, lines) / 2, 1e-9);
}

TEST(Uncertainty, GrowsFromWhatIsMeasuredToWhatIsAssumed) {
  double last = 1;
  for (const Basis basis : {Basis::kMeasured, Basis::kPublished, Basis::kFamily, Basis::kScaled,
                            Basis::kBounded, Basis::kAssumed}) {
    EXPECT_GT(factor_of(basis), last);
    last = factor_of(basis);
  }
  EXPECT_EQ(factor_of(std::nullopt), last);
}

}  // namespace
}  // namespace wattgrind
