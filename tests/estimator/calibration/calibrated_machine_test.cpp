#include "estimator/calibration/calibrated_machine.h"

#include <gtest/gtest.h>

#include <random>

#include "estimator/catalog/machine_source.h"
#include "estimator/machine/machine_file.h"
#include "estimator/pricing/prices.h"
#include "estimator/pricing/running_energy.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

EventCounts counts_of(uint64_t references, uint64_t l1_misses, uint64_t l2_misses,
                      uint64_t l3_misses) {
  EventCounts counts;
  counts.refs = {references, 0};
  counts.bytes = References{8 * references, 0};
  const auto level = [](uint64_t accesses, uint64_t misses) {
    return LevelCounts{accesses, accesses - misses, misses};
  };
  counts.levels = {level(references, l1_misses), level(l1_misses, l2_misses),
                   level(l2_misses, l3_misses)};
  counts.dram.reads = l3_misses;
  return counts;
}

CountedReading reading_of(const std::string& workload, const EventCounts& counts, uint64_t macs,
                          double energy_j) {
  CountedReading counted;
  counted.reading.workload = workload;
  counted.reading.energy_j = energy_j;
  counted.counts = counts;
  counted.operations.macs = macs;
  return counted;
}

EnergyFeatures chosen(const EnergyFeatures& features, const std::vector<std::string>& words) {
  std::vector<Term> terms;
  for (const std::string& word : words) terms.push_back(named_term(features, word));
  return only_terms(features, terms);
}

TEST(EnergyFeatures, AreWhatEachPartCostsAtTheProfilesPrices) {
  const Machine machine = builtin_machine("xeon_x5650");
  const EnergyFeatures features =
      energy_features({reading_of("w", counts_of(1000, 100, 50, 20), 500, 1)}, machine);
  std::vector<std::string> names;
  for (const Feature& feature : features.table.features) names.push_back(feature.name);
  EXPECT_EQ(names, (std::vector<std::string>{"operations", "DRAM", "L3", "L2", "L1"}));
  const std::vector<double>& joules = features.table.samples[0].values;
  EXPECT_DOUBLE_EQ(joules[0], 1e-12 * machine.operations.mac_pj() * 500);
  EXPECT_DOUBLE_EQ(joules[1], 1e-12 * 20 * machine.dram.read_energy_pj.value);
  EXPECT_DOUBLE_EQ(joules[2], 1e-12 * 50 * machine.levels[2].read_energy_pj.value);
  EXPECT_DOUBLE_EQ(joules[3], 1e-12 * 100 * machine.levels[1].read_energy_pj.value);
  EXPECT_NEAR(joules[4], 1e-12 * 1000 * machine.levels[0].read_energy_pj.value, 1e-15);
  ASSERT_EQ(features.baselines.size(), 2u);
  EXPECT_EQ(features.baselines[0].name, "latency cost");
  EXPECT_NEAR(features.baselines[0].values[0], 900 * 4 + 50 * 10 + 30 * 41 + 20 * 219.22, 0.01);
  EXPECT_EQ(features.baselines[1].values[0], 500);
}

TEST(EnergyFeatures, TimeIsATermWhereEveryDurationIsKnown) {
  const Machine machine = builtin_machine("xeon_x5650");
  std::vector<CountedReading> readings = {reading_of("a", counts_of(1000, 100, 50, 20), 500, 1),
                                          reading_of("b", counts_of(2000, 100, 50, 20), 600, 1)};
  readings[0].reading.duration_s = 4;
  readings[0].reading.repetitions = 2;
  EXPECT_EQ(energy_features(readings, machine).table.features.size(), 5u);
  readings[1].reading.duration_s = 3;
  const EnergyFeatures timed = energy_features(readings, machine);
  EXPECT_EQ(timed.table.features.back().name, "time");
  EXPECT_EQ(timed.table.features.back().kind, FeatureKind::kOptional);
  EXPECT_EQ(timed.table.samples[0].values.back(), 2);
  EXPECT_EQ(timed.baselines.back().name, "time");
}

TEST(EnergyFeatures, APartKnowsItsNetwork) {
  const Machine machine = builtin_machine("xeon_x5650");
  std::vector<CountedReading> readings;
  for (const char* const name : {"lenet5", "lenet5/conv1", "nin/..conv1"}) {
    const uint64_t macs = 500 + readings.size();
    readings.push_back(reading_of(name, counts_of(1000 * macs, 100, 50, 20), macs, 1));
    readings.back().reading.duration_s = static_cast<double>(macs);
  }
  const auto time = calibrate_time(readings, machine, {});
  for (const FeatureTable& table : {energy_features(readings, machine).table, time->table}) {
    EXPECT_EQ(table.samples[0].network, "lenet5");
    EXPECT_EQ(table.samples[1].network, "lenet5");
    EXPECT_EQ(table.samples[2].network, "nin");
  }
}

TEST(EnergyFeatures, TermsAreChosenByName) {
  const Machine machine = builtin_machine("xeon_x5650");
  const EnergyFeatures all =
      energy_features({reading_of("a", counts_of(1000, 100, 50, 20), 500, 1)}, machine);
  const EnergyFeatures features = chosen(all, {"L2", "operations"});
  ASSERT_EQ(features.table.features.size(), 2u);
  EXPECT_EQ(features.terms[0], Term{TermKind::kOperations});
  EXPECT_EQ(features.terms[1], level_term(machine, 1));
  EXPECT_EQ(features.table.features[0].name, "operations");
  EXPECT_EQ(features.table.features[1].name, "L2");
  EXPECT_EQ(features.table.samples[0].values,
            (std::vector<double>{all.table.samples[0].values[0], all.table.samples[0].values[3]}));
  EXPECT_EQ(features.table.samples[0].target, 1);
  EXPECT_EQ(error_text([&] { named_term(all, "L4"); }, ErrorKind::kUsage),
            "no such term here; did you mean L3 or L2 or L1?");
  EXPECT_EQ(error_text([&] { named_term(all, "time"); }, ErrorKind::kUsage),
            "no such term here; known: operations, DRAM, L3, L2, L1");
}

// Loads that cost twice the profile's price of operations and half that of DRAM, and nothing else.
class CalibratedMachineTest : public testing::Test {
 protected:
  CalibratedMachineTest() : machine_(builtin_machine("xeon_x5650")) {
    std::mt19937_64 random(3);
    const double dram_pj = machine_.dram.read_energy_pj.value;
    for (int i = 0; i < 12; ++i) {
      const uint64_t macs = 100000 + random() % 1000000, lines = 1000 + random() % 10000;
      const double energy_pj = 2 * machine_.operations.mac_pj() * static_cast<double>(macs) +
                               0.5 * dram_pj * static_cast<double>(lines);
      readings_.push_back(reading_of("w" + std::to_string(i),
                                     counts_of(3 * macs, 20 * lines, 5 * lines, lines), macs,
                                     1e-12 * energy_pj));
    }
  }

  Machine machine_;
  std::vector<CountedReading> readings_;
};

TEST_F(CalibratedMachineTest, PricesAreThoseThatMadeTheReadings) {
  readings_.push_back(readings_.front());  // a second reading of one workload
  const EnergyFeatures features = energy_features(readings_, machine_);
  const Calibration result = calibrate(features.table, features.baselines, {});
  const Machine calibrated =
      calibrated_machine(machine_, features, result, std::nullopt, "mine", "readings.csv");
  EXPECT_EQ(calibrated.name, "mine");
  EXPECT_EQ(calibrated.prices, PriceOrigin::kCalibrated);
  EXPECT_NEAR(calibrated.operations.mac_pj(), 2 * machine_.operations.mac_pj(), 1e-6);
  EXPECT_NEAR(calibrated.dram.read_energy_pj.value, 0.5 * machine_.dram.read_energy_pj.value, 1e-6);
  EXPECT_EQ(calibrated.levels[1].read_energy_pj.value, 0);
  EXPECT_EQ(calibrated.levels[1].read_energy_pj.source,
            "fitted to readings.csv: in the price of operations + DRAM");
  EXPECT_EQ(calibrated.calibration->readings, "readings.csv");
  EXPECT_EQ(calibrated.calibration->workloads, 12u);
  EXPECT_FALSE(calibrated.static_power_w);
  // The profile, used on a load's counts, gives its reading.
  const CountedReading& first = readings_.front();
  const double dram_pj = energy_pj(first.counts, {}, machine_prices(calibrated)).total().value();
  const double arithmetic_pj = operations_pj(first.operations, first.type, calibrated.operations);
  EXPECT_NEAR(1e-12 * (dram_pj + arithmetic_pj), *first.reading.energy_j, 1e-12);
}

// Instructions that cost half as much again as the profile says, beside what the loads cost.
TEST_F(CalibratedMachineTest, InstructionsArePricedWhereThoseOfEveryReadingAreCounted) {
  uint64_t number = 0;
  for (CountedReading& counted : readings_) {
    InstructionCounts& instructions = counted.counts.instructions.emplace();
    instructions.by_class = {1'000'000 + 77'000 * (number++ * 5 % 12), 0, 500'000, 0, 0, 0, 90'000};
    instructions.memory_operands = 500'000;
    instructions.vector_128_bits = instructions.by_class[0];
    *counted.reading.energy_j +=
        1.5e-12 * instructions_pj(instructions, machine_.instructions.value());
  }
  const EnergyFeatures features =
      chosen(energy_features(readings_, machine_), {"operations", "DRAM", "instructions"});
  EXPECT_EQ(features.table.features.back().kind, FeatureKind::kOptional);
  const Calibration result = calibrate(features.table, features.baselines, {});
  const Machine calibrated =
      calibrated_machine(machine_, features, result, std::nullopt, "mine", "readings.csv");
  const double handling_pj = machine_.instructions->handling_pj->value;
  ASSERT_TRUE(calibrated.instructions.has_value());
  EXPECT_NEAR(calibrated.instructions->handling_pj->value, 1.5 * handling_pj, 1e-3 * handling_pj);
  EXPECT_EQ(calibrated.instructions->handling_pj->basis, Basis::kFitted);
  EXPECT_FALSE(calibrated.power.has_value());

  readings_[3].counts.instructions.reset();
  EXPECT_EQ(energy_features(readings_, machine_).table.features.back().name, "L1");
}

TEST_F(CalibratedMachineTest, TheProfileIsWrittenAndReadBack) {
  for (CountedReading& counted : readings_) {
    counted.reading.duration_s = 1e-9 * static_cast<double>(counted.operations.macs);
    *counted.reading.energy_j += 3 * *counted.reading.duration_s;
  }
  const EnergyFeatures features =
      chosen(energy_features(readings_, machine_), {"operations", "DRAM", "time"});
  const Calibration result = calibrate(features.table, features.baselines, {});
  const auto time = calibrate_time(readings_, machine_, {});
  ASSERT_TRUE(time.has_value());
  const Machine calibrated =
      calibrated_machine(machine_, features, result, time, "mine", "readings.csv");
  ASSERT_TRUE(calibrated.time.has_value());
  EXPECT_NEAR(calibrated.time->mac_ns.value, 1, 1e-6);
  EXPECT_EQ(calibrated.time->mac_ns.source, "fitted to readings.csv: 95 % interval [1, 1] ns");
  EXPECT_EQ(calibrated.time->latency_cycle_ns.value, 0);
  EXPECT_EQ(calibrated.time->latency_cycle_ns.source,
            "fitted to readings.csv: in the price of MACs");
  // What was said of the prior energies comes after.
  EXPECT_TRUE(calibrated.notes[0].starts_with(
      "Energies are those of xeon_x5650 (operations + DRAM) fitted to readings.csv (12 readings)"));
  EXPECT_TRUE(calibrated.notes[1].starts_with("Time is the terms MACs, fitted to"));
  EXPECT_EQ(calibrated.notes[2], machine_.notes[0]);
  const Machine read = read_machine(write_machine(calibrated), "mine.json");
  EXPECT_EQ(read.calibration, calibrated.calibration);
  EXPECT_EQ(write_machine(read), write_machine(calibrated));
}

// Levels that are called as other terms are: energies of operations at twice, of the level "time"
// at three times and of the level "operations" at half the profile's price, and 2 W.
TEST_F(CalibratedMachineTest, LevelsNamedLikeTermsAreTermsOfTheirOwn) {
  machine_.levels[1].name = "time";
  machine_.levels[2].name = "operations";
  const double middle_pj = machine_.levels[1].read_energy_pj.value;
  const double last_pj = machine_.levels[2].read_energy_pj.value;
  for (size_t i = 0; i < readings_.size(); ++i) {
    CountedReading& counted = readings_[i];
    const auto macs = static_cast<double>(counted.operations.macs);
    const auto amount = [](uint64_t count) { return static_cast<double>(count); };
    counted.reading.duration_s = 1e-3 * static_cast<double>(1 + i * i % 7);
    counted.counts.levels[1].accesses += 300000 * (1 + i * i % 5);
    counted.counts.levels[2].accesses += 200000 * (1 + i * i * i % 11);
    counted.reading.energy_j = 1e-12 * (2 * machine_.operations.mac_pj() * macs +
                                        3 * middle_pj * amount(counted.counts.levels[1].accesses) +
                                        0.5 * last_pj * amount(counted.counts.levels[2].accesses)) +
                               2 * *counted.reading.duration_s;
  }
  const EnergyFeatures all = energy_features(readings_, machine_);
  EXPECT_EQ(describe(all.table, {0, 1, 2, 3, 4, 5}),
            "operations + DRAM + level:operations + level:time + L1 + time");
  const EnergyFeatures features =
      chosen(all, {"time", "level:time", "level:operations", "operations"});
  const Calibration result = calibrate(features.table, {}, {});
  const Machine calibrated =
      calibrated_machine(machine_, features, result, std::nullopt, "mine", "readings.csv");
  EXPECT_NEAR(calibrated.operations.mac_pj(), 2 * machine_.operations.mac_pj(), 1e-6);
  EXPECT_NEAR(calibrated.levels[1].read_energy_pj.value, 3 * middle_pj, 1e-6);
  EXPECT_NEAR(calibrated.levels[2].read_energy_pj.value, 0.5 * last_pj, 1e-6);
  ASSERT_TRUE(calibrated.static_power_w.has_value());
  EXPECT_NEAR(calibrated.static_power_w->value, 2, 1e-6);
}

TEST_F(CalibratedMachineTest, BothPricesOfTimeHaveTheirIntervals) {
  for (CountedReading& counted : readings_) {
    const double cycles = latency_cost(counted.counts, machine_, Accounting::kHits).value();
    counted.reading.duration_s =
        2e-9 * static_cast<double>(counted.operations.macs) + 1e-9 * cycles;
  }
  const EnergyFeatures features =
      chosen(energy_features(readings_, machine_), {"operations", "DRAM"});
  const Machine calibrated =
      calibrated_machine(machine_, features, calibrate(features.table, {}, {}),
                         calibrate_time(readings_, machine_, {}), "mine", "readings.csv");
  EXPECT_EQ(calibrated.time->mac_ns.source, "fitted to readings.csv: 95 % interval [2, 2] ns");
  EXPECT_EQ(calibrated.time->latency_cycle_ns.source,
            "fitted to readings.csv: 95 % interval [1, 1] ns");
}

TEST_F(CalibratedMachineTest, ADurationThatIsMissingMakesNoTime) {
  for (CountedReading& counted : readings_) counted.reading.duration_s = 1;
  readings_.back().reading.duration_s.reset();
  EXPECT_FALSE(calibrate_time(readings_, machine_, {}).has_value());
}

TEST_F(CalibratedMachineTest, CalibratedPricesNameTheirReadings) {
  machine_.prices = PriceOrigin::kCalibrated;
  EXPECT_EQ(error_text([&] { write_machine(machine_); }),
            "xeon_x5650: calibration: calibrated prices name their readings, and no others do");
}

}  // namespace
}  // namespace wattgrind
