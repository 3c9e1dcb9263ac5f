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
            "another --meter");
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
            "/sys/class/powercap/intel-rapl:0/energy_uj: the RAPL zone package-0 cannot be read "
            "any more: No such device");
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
  EXPECT_EQ(error_of(1),
            "/sys/class/powercap/intel-rapl:0/energy_uj: expected microjoules, found '12 "
            "apples'");
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
