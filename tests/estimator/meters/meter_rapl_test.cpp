#include "estimator/meters/meter_rapl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/estimator/meters/sysfs_meter_test.h"

namespace wattgrind {
namespace {

const std::string kPowercap = "class/powercap/";
constexpr uint64_t kRangeUj = 262143328850;

class RaplTest : public SysfsMeterTest {
 protected:
  RaplTest() : SysfsMeterTest(make_rapl_meter) {}

  // A zone whose counter starts at start_uj and grows by power_w, wrapping at its range.
  void add_zone(const std::string& entry, const std::string& name, double power_w,
                uint64_t start_uj = 1000000) {
    sysfs_.write(kPowercap + entry + "/name", name);
    sysfs_.write(kPowercap + entry + "/max_energy_range_uj", std::to_string(kRangeUj));
    sysfs_.write(kPowercap + entry + "/energy_uj", [this, power_w, start_uj] {
      const auto grown = static_cast<uint64_t>(std::llround(1e6 * power_w * (now_s() - 100)));
      return std::to_string((start_uj + grown) % kRangeUj);
    });
  }
  double now_s() const { return clock_.now_s(); }
};

TEST_F(RaplTest, AddsPackagesAndDramAndNothingTwice) {
  add_zone("intel-rapl:0", "package-0", 60);
  add_zone("intel-rapl:0:0", "core", 40);
  add_zone("intel-rapl:0:1", "uncore", 5);
  add_zone("intel-rapl:0:2", "dram", 8);
  add_zone("intel-rapl:1", "package-1", 50);
  add_zone("intel-rapl:1:0", "dram", 7);
  add_zone("intel-rapl:2", "psys", 200);
  add_zone("intel-rapl-mmio:0", "package-0", 60);
  const MeterReading reading = measure(2);
  EXPECT_DOUBLE_EQ(reading.duration_s, 2);
  EXPECT_NEAR(reading.energy_j.value(), 2 * (60 + 8 + 50 + 7), 1e-3);
  ASSERT_EQ(reading.rails.size(), 7u);
  EXPECT_EQ(reading.rails[1].name, "package-0/core");
  EXPECT_NEAR(reading.rails[1].energy_j, 80, 1e-3);
  EXPECT_FALSE(reading.rails[1].in_total);
  EXPECT_EQ(reading.rails[6].name, "psys");
  EXPECT_FALSE(reading.rails[6].in_total);
  EXPECT_TRUE(reading.warnings.empty());
}

TEST_F(RaplTest, ZonesThatShowOneCounterAreOne) {
  add_zone("intel-rapl:0", "package-0-die-0", 68);
  add_zone("intel-rapl:1", "package-0-die-1", 68);
  const MeterReading reading = measure(2);
  EXPECT_NEAR(reading.energy_j.value(), 2 * 68, 1e-3);
  EXPECT_TRUE(reading.rails[0].in_total);
  EXPECT_FALSE(reading.rails[1].in_total);
  EXPECT_NEAR(reading.series[3].power_w, 68, 1e-3);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0],
            "RAPL zones package-0-die-0 and package-0-die-1 show one counter: it is counted once");
}

// The counter ticks at every read, as if an update always fell between two of them.
TEST_F(RaplTest, ACounterThatTicksBetweenTwoReadsIsStillOne) {
  add_zone("intel-rapl:0", "package-0-die-0", 0);
  add_zone("intel-rapl:1", "package-0-die-1", 0);
  uint64_t counter_uj = 5000;
  for (const char* zone : {"intel-rapl:0", "intel-rapl:1"}) {
    sysfs_.write(kPowercap + zone + "/energy_uj",
                 [&counter_uj] { return std::to_string(counter_uj += 1000000); });
  }
  const MeterReading reading = measure(1);
  EXPECT_TRUE(reading.rails[0].in_total);
  EXPECT_FALSE(reading.rails[1].in_total);
}

TEST_F(RaplTest, PackagesOfEqualPowerAreTwo) {
  add_zone("intel-rapl:0", "package-0", 60, 1000000);
  add_zone("intel-rapl:1", "package-1", 60, 1000001);
  EXPECT_NEAR(measure(1).energy_j.value(), 120, 1e-3);
  // They start as one and part: only a whole run tells.
  sysfs_.write(kPowercap + "intel-rapl:1/energy_uj", [this] {
    return std::to_string(1000000 +
                          std::llround(1e6 * (now_s() < 100.85 ? 60 : 61) * (now_s() - 100)));
  });
  clock_.advance(100 - now_s());
  EXPECT_NEAR(measure(1).energy_j.value(), 121, 1e-3);
}

TEST_F(RaplTest, ZonesOfOneNameAreToldApart) {
  add_zone("intel-rapl:0", "package-0", 60);
  add_zone("intel-rapl:0:0", "dram", 5);
  add_zone("intel-rapl:1", "package-0", 40);
  add_zone("intel-rapl:1:0", "dram", 3);
  const MeterReading reading = measure(1);
  ASSERT_EQ(reading.rails.size(), 4u);
  EXPECT_EQ(reading.rails[0].name, "package-0 (intel-rapl:0)");
  EXPECT_EQ(reading.rails[1].name, "package-0 (intel-rapl:0)/dram");
  EXPECT_EQ(reading.rails[2].name, "package-0 (intel-rapl:1)");
  EXPECT_EQ(reading.rails[3].name, "package-0 (intel-rapl:1)/dram");
}

TEST_F(RaplTest, GivesPowerOverTime) {
  add_zone("intel-rapl:0", "package-0", 60);
  const MeterReading reading = measure(1);
  ASSERT_EQ(reading.series.size(), 10u);
  EXPECT_NEAR(reading.series[0].time_s, 100.05, 1e-9);
  EXPECT_NEAR(reading.series[0].power_w, 60, 1e-3);
  EXPECT_EQ(reading.missed_samples, 0u);
}

TEST_F(RaplTest, FollowsACounterThatWraps) {
  add_zone("intel-rapl:0", "package-0", 100, kRangeUj - 50000000);  // wraps after half a second
  EXPECT_NEAR(measure(2).energy_j.value(), 200, 1e-3);
  // Twice in one interval, far apart.
  FakeSysfs fresh;
  sysfs_ = fresh;
  add_zone("intel-rapl:0", "package-0", 300, kRangeUj - 1000000);
  EXPECT_NEAR(measure(1200).energy_j.value(), 300 * 1200, 1e-1);
}

// The sampler's last sample and that of stop() may be microseconds apart, an update between them.
TEST_F(RaplTest, AWrapBetweenTwoSamplesCloseToEachOtherIsNoReset) {
  add_zone("intel-rapl:0", "package-0", 0);
  int reads = 0;
  sysfs_.write(kPowercap + "intel-rapl:0/energy_uj", [&reads] {
    constexpr int kUntilStop = 11;  // the first, ten on time
    return std::to_string(++reads <= kUntilStop ? kRangeUj - 20000 : 30000);
  });
  EXPECT_NEAR(measure(1).energy_j.value(), 0.05, 1e-9);
}

TEST_F(RaplTest, ACounterThatWasResetIsNoWrap) {
  add_zone("intel-rapl:0", "package-0", 60, 5000000000);
  sysfs_.write(kPowercap + "intel-rapl:0/energy_uj",
               [this] { return now_s() < 101 ? "5000000000" : "1000"; });
  EXPECT_EQ(error_of(2),
            "the RAPL counter of package-0 went backwards, from 5000000000 to 1000 uJ, and not "
            "by wrapping at 262143328850: something reset it; measure again");
}

TEST_F(RaplTest, WithoutZonesTheRemedyIsNamed) {
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "no RAPL package zone in /sys/class/powercap: run on a physical Intel or AMD "
            "machine (virtual machines have none) after 'sudo modprobe intel_rapl_msr', or use "
            "another meter");
}

// A container shows the links of class/powercap and hides what they lead to.
TEST_F(RaplTest, AContainerThatHidesTheZonesHasItsRemedy) {
  for (const char* zone : {"intel-rapl:0", "intel-rapl-mmio:0"}) {
    sysfs_ = FakeSysfs();
    sysfs_.refuse(kPowercap + "intel-rapl", ENOENT);
    sysfs_.refuse(kPowercap + zone, ENOENT);
    EXPECT_EQ(error_of(1, ErrorKind::kMissing),
              "the RAPL zones in /sys/class/powercap lead nowhere, as in a container that hides "
              "them: run outside of it, or unmask them ('docker run --security-opt "
              "systempaths=unconfined')");
  }
}

TEST_F(RaplTest, MemoryMappedZonesAloneHaveTheirRemedy) {
  add_zone("intel-rapl-mmio:0", "package-0", 60);
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "/sys/class/powercap has memory-mapped RAPL zones alone (intel-rapl-mmio), which show "
            "no more than a package: run 'sudo modprobe intel_rapl_msr' (in a container, on its "
            "host), or use another meter");
}

TEST_F(RaplTest, WithoutPermissionTheCommandIsNamed) {
  add_zone("intel-rapl:0", "package-0", 60);
  add_zone("intel-rapl:0:0", "dram", 6);
  sysfs_.refuse(kPowercap + "intel-rapl:0/energy_uj", EACCES);
  sysfs_.refuse(kPowercap + "intel-rapl:0:0/energy_uj", EACCES);
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "RAPL counters are for root alone: run 'sudo chmod a+r "
            "/sys/class/powercap/intel-rapl:0/energy_uj "
            "/sys/class/powercap/intel-rapl:0:0/energy_uj'");
}

TEST_F(RaplTest, AZoneThatVanishesEndsTheMeasurement) {
  add_zone("intel-rapl:0", "package-0", 60);
  sysfs_.write_value(kPowercap + "intel-rapl:0/energy_uj", [this] {
    if (now_s() > 101) return SysfsValue{std::nullopt, ENODEV};
    return SysfsValue{std::to_string(static_cast<uint64_t>(1e6 * now_s())), 0};
  });
  EXPECT_EQ(error_of(2),
            "the RAPL zone package-0 cannot be read any more: "
            "/sys/class/powercap/intel-rapl:0/energy_uj: No such device");
}

TEST_F(RaplTest, ZonesOutsideTheTotalThatCannotBeReadAreLeftOut) {
  add_zone("intel-rapl:0", "package-0", 60);
  add_zone("intel-rapl:0:0", "core", 40);
  add_zone("intel-rapl:0:1", "uncore", 5);
  add_zone("intel-rapl:1", "psys", 200);
  sysfs_.refuse(kPowercap + "intel-rapl:0:0/energy_uj", EACCES);
  sysfs_.refuse(kPowercap + "intel-rapl:0:1/max_energy_range_uj", ENOENT);
  sysfs_.refuse(kPowercap + "intel-rapl:1/energy_uj", ENODATA);
  const MeterReading reading = measure(2);
  EXPECT_NEAR(reading.energy_j.value(), 120, 1e-3);
  EXPECT_EQ(reading.rails.size(), 1u);
  EXPECT_EQ(
      reading.warnings,
      (std::vector<std::string>{
          "RAPL zone package-0/core, no part of the total, is left out: it is for root alone: run "
          "'sudo chmod a+r /sys/class/powercap/intel-rapl:0:0/energy_uj'",
          "RAPL zone package-0/uncore, no part of the total, is left out: "
          "/sys/class/powercap/intel-rapl:0:1/max_energy_range_uj: No such file or directory",
          "RAPL zone psys, no part of the total, is left out: "
          "/sys/class/powercap/intel-rapl:1/energy_uj: No data available"}));
}

TEST_F(RaplTest, ARangeThatIsMissingIsFoundBeforeTheRun) {
  add_zone("intel-rapl:0", "package-0", 60);
  sysfs_.refuse(kPowercap + "intel-rapl:0/max_energy_range_uj", ENOENT);
  EXPECT_EQ(error_text([this] { make_meter(); }, ErrorKind::kMissing),
            "RAPL zone package-0 cannot be read: "
            "/sys/class/powercap/intel-rapl:0/max_energy_range_uj: No such file or directory: "
            "without it the total is not known: use another meter, or another kernel");
}

// Reads number from 1: of the meter when it is made, of the first sample, of those on time.
TEST_F(RaplTest, ReadsThatFailOnceLoseNothing) {
  for (const int failing : {1, 2, 41, 302}) {
    for (const int failures : {1, 5}) {
      add_zone("intel-rapl:0", "package-0", 0);
      const double start_s = now_s();
      int reads = 0;
      sysfs_.write_value(kPowercap + "intel-rapl:0/energy_uj", [&] {
        ++reads;
        if (reads >= failing && reads < failing + failures) return SysfsValue{std::nullopt, EIO};
        const double grown_uj = 60e6 * (now_s() - start_s);
        return SysfsValue{std::to_string(std::llround(grown_uj)), 0};
      });
      const MeterReading reading = measure(30);
      EXPECT_GE(reads, failing + failures);
      EXPECT_NEAR(reading.energy_j.value(), 60 * reading.duration_s, 1e-3);
      EXPECT_NEAR(reading.duration_s, 30, 0.02);
      for (const PowerSample& sample : reading.series) EXPECT_NEAR(sample.power_w, 60, 1e-3);
    }
  }
}

TEST_F(RaplTest, AZoneOutsideTheTotalThatVanishesIsLeftOut) {
  add_zone("intel-rapl:0", "package-0", 60);
  add_zone("intel-rapl:0:0", "core", 40);
  sysfs_.write_value(kPowercap + "intel-rapl:0:0/energy_uj", [this] {
    return now_s() > 101 ? SysfsValue{std::nullopt, ENODEV} : SysfsValue{"1000", 0};
  });
  const auto meter = make_meter();
  for (int i = 0; i < 2; ++i) {  // once while it is read, once before
    clock_.set_end_after(2);
    meter->start();
    const MeterReading reading = meter->stop();
    EXPECT_NEAR(reading.energy_j.value(), 120, 1e-3);
    EXPECT_EQ(reading.rails.size(), 1u);
    EXPECT_EQ(
        reading.warnings,
        std::vector<std::string>{"RAPL zone package-0/core, no part of the total, is left out: "
                                 "/sys/class/powercap/intel-rapl:0:0/energy_uj: No such device"});
  }
}

TEST_F(RaplTest, CountersThatStandStillAreNoReading) {
  add_zone("intel-rapl:0", "package-0", 0);
  EXPECT_EQ(error_of(2),
            "no RAPL zone counted anything in 2 s: the counters stand still (a virtual "
            "machine?)");
  add_zone("intel-rapl:1", "package-1", 10);
  const MeterReading reading = measure(2);
  EXPECT_NEAR(reading.energy_j.value(), 20, 1e-3);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0],
            "RAPL zone package-0 read zero throughout: it is not in the total");
}

TEST_F(RaplTest, GarbageIsNamed) {
  add_zone("intel-rapl:0", "package-0", 60);
  sysfs_.write(kPowercap + "intel-rapl:0/energy_uj", "12 apples");
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "RAPL zone package-0 cannot be read: /sys/class/powercap/intel-rapl:0/energy_uj: "
            "expected microjoules, found '12 apples': without it the total is not known: use "
            "another meter, or another kernel");
}

TEST_F(RaplTest, MeasuresAgainFromNothing) {
  add_zone("intel-rapl:0", "package-0", 60);
  const auto meter = make_meter();
  for (int i = 0; i < 2; ++i) {
    clock_.set_end_after(1);
    meter->start();
    const MeterReading reading = meter->stop();
    EXPECT_NEAR(reading.energy_j.value(), 60, 1e-3);
    EXPECT_EQ(reading.series.size(), 10u);
  }
}

}  // namespace
}  // namespace wattgrind
