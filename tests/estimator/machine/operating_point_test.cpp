#include "estimator/machine/operating_point.h"

#include <gmock/gmock.h>

#include "estimator/catalog/machine_source.h"
#include "estimator/machine/machine_check.h"
#include "estimator/machine/machine_file.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

// 1 GHz at 0.8 V, 2 GHz at 1 V, and the profile's own clock, 2.4 GHz, at 1.2 V.
Machine three_points() {
  Machine machine = builtin_machine("rk3588_a76");
  machine.operating_points = {{1e9, 0.8, "x"}, {2e9, 1.0, "x"}, {2.4e9, 1.2, "x"}};
  return machine;
}

TEST(OperatingPoint, VoltageIsLinearBetweenPoints) {
  const Machine machine = three_points();
  EXPECT_DOUBLE_EQ(voltage_v(machine, 1e9), 0.8);
  EXPECT_DOUBLE_EQ(voltage_v(machine, 1.5e9), 0.9);
  EXPECT_DOUBLE_EQ(voltage_v(machine, 2.4e9), 1.2);
}

// (0.8 / 1.2)^2 = 4 / 9 of the energies, and 1 / 2.4 of the clock.
TEST(OperatingPoint, EnergyGoesByTheSquareOfTheVoltageAndMemoryByTheClock) {
  const Machine before = three_points();
  const Machine slow = machine_at(before, 1e9);
  EXPECT_DOUBLE_EQ(slow.frequency_hz.value, 1e9);
  EXPECT_DOUBLE_EQ(slow.clocks.scalar_hz->value, before.clocks.scalar_hz->value / 2.4);
  EXPECT_DOUBLE_EQ(slow.operations.fp32_add_pj.value, before.operations.fp32_add_pj.value * 4 / 9);
  EXPECT_DOUBLE_EQ(slow.levels[1].read_energy_pj.value,
                   before.levels[1].read_energy_pj.value * 4 / 9);
  EXPECT_DOUBLE_EQ(slow.instructions->handling_pj->value,
                   before.instructions->handling_pj->value * 4 / 9);
  EXPECT_DOUBLE_EQ(slow.power->core_w->value, before.power->core_w->value * 4 / 9 / 2.4);
  EXPECT_DOUBLE_EQ(slow.power->package_idle_w->value, before.power->package_idle_w->value);
  EXPECT_DOUBLE_EQ(slow.dram.read_energy_pj.value, before.dram.read_energy_pj.value);
  EXPECT_DOUBLE_EQ(slow.dram.latency_cycles.value, before.dram.latency_cycles.value / 2.4);
  EXPECT_DOUBLE_EQ(slow.levels[1].latency_cycles.value, before.levels[1].latency_cycles.value);
  EXPECT_THAT(slow.dram.latency_cycles.source, HasSubstr("scaled from 2.4e+09 to 1e+09 Hz"));
  check_machine(slow, "slow");
}

TEST(OperatingPoint, TheProfilesOwnClockChangesNothing) {
  const Machine machine = three_points();
  EXPECT_EQ(write_machine(machine_at(machine, 2.4e9)), write_machine(machine));
}

TEST(OperatingPoint, AProfileIsReadAsItWasWritten) {
  const Machine machine = three_points();
  const Machine read = read_machine(write_machine(machine), "m.json");
  ASSERT_EQ(read.operating_points.size(), 3u);
  EXPECT_EQ(read.operating_points[1].voltage_v, 1.0);
  EXPECT_EQ(write_machine(read), write_machine(machine));
}

TEST(OperatingPoint, WhatDoesNotFitIsNamed) {
  EXPECT_THAT(error_text([] { machine_at(three_points(), 3e9); }),
              HasSubstr("rk3588_a76 cannot be held at 3e+09 Hz: wanted 1e+09 to 2.4e+09"));
  EXPECT_THAT(error_text([] { machine_at(builtin_machine("zen3"), 1e9); }),
              HasSubstr("no operating_points"));
  const auto check = [](std::vector<OperatingPoint> points) {
    Machine machine = three_points();
    machine.operating_points = std::move(points);
    return error_text([&] { check_machine(machine, "m"); });
  };
  EXPECT_THAT(check({{2e9, 1, "x"}, {1e9, 1, "x"}}), HasSubstr("operating_points[1].frequency_hz"));
  EXPECT_THAT(check({{2e9, 1, "x"}, {3e9, 0.9, "x"}}), HasSubstr("operating_points[1].voltage_v"));
  EXPECT_THAT(check({{2e9, 0, "x"}, {3e9, 0.9, "x"}}), HasSubstr("operating_points[0].voltage_v"));
  EXPECT_THAT(check({{1e9, 0.8, "x"}, {2e9, 0.9, "x"}}), HasSubstr("2400000000, among them"));
}

}  // namespace
}  // namespace wattgrind
