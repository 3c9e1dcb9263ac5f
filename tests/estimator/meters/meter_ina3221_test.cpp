#include "estimator/meters/meter_ina3221.h"

#include <gtest/gtest.h>

#include "tests/estimator/meters/sysfs_meter_test.h"

namespace wattgrind {
namespace {

const std::string kHwmon = "class/hwmon/hwmon3/";
const std::string kIio = "bus/iio/devices/iio:device0/";

class Ina3221Test : public SysfsMeterTest {
 protected:
  Ina3221Test() : SysfsMeterTest(make_ina3221_meter) {}

  void add_hwmon_rail(int channel, const std::string& name, const std::string& millivolts,
                      const std::string& milliamps) {
    sysfs_.write(kHwmon + "name", "ina3221");
    sysfs_.write(kHwmon + fmt::format("in{}_label", channel), name);
    sysfs_.write(kHwmon + fmt::format("in{}_input", channel), millivolts);
    sysfs_.write(kHwmon + fmt::format("curr{}_input", channel), milliamps);
  }
};

TEST_F(Ina3221Test, TheBoardsRailHoldsTheOthers) {
  sysfs_.write("class/hwmon/hwmon0/name", "coretemp");
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  add_hwmon_rail(2, "VDD_CPU", "5000", "600");
  add_hwmon_rail(3, "VDD_GPU", "5000", "400");
  const MeterReading reading = measure(0.5);
  EXPECT_NEAR(reading.energy_j.value(), 10 * 0.5, 1e-9);
  ASSERT_EQ(reading.rails.size(), 3u);
  EXPECT_TRUE(reading.rails[0].in_total);
  EXPECT_FALSE(reading.rails[1].in_total);
  EXPECT_NEAR(reading.rails[1].energy_j, 3 * 0.5, 1e-9);
  EXPECT_EQ(reading.samples, 502u);  // the first, 500 on time, and the last
  EXPECT_EQ(reading.missed_samples, 0u);
}

TEST_F(Ina3221Test, OlderKernelsGiveMilliwatts) {
  sysfs_.write(kIio + "rail_name_0", "VDD_IN");
  sysfs_.write(kIio + "in_power0_input", "7500");
  sysfs_.write(kIio + "rail_name_1", "VDD_GPU");
  sysfs_.write(kIio + "in_voltage1_input", "4000");  // no in_power1_input
  sysfs_.write(kIio + "in_current1_input", "500");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 7.5, 1e-9);
  EXPECT_NEAR(reading.rails[1].energy_j, 2, 1e-9);
}

TEST_F(Ina3221Test, WithoutABoardRailTheRailsAreSummed) {
  add_hwmon_rail(1, "VDD_CPU", "5000", "600");
  add_hwmon_rail(2, "VDD_GPU", "5000", "400");
  EXPECT_NEAR(measure(1).energy_j.value(), 5, 1e-9);
}

TEST_F(Ina3221Test, TheCarrierBoardsRailsAreNotTheModules) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  add_hwmon_rail(2, "VDD_M2_IN", "5000", "100");  // of the TX1's carrier board
  add_hwmon_rail(3, "NC", "5000", "7");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 10, 1e-9);
  ASSERT_EQ(reading.rails.size(), 2u);
  EXPECT_FALSE(reading.rails[1].in_total);
}

TEST_F(Ina3221Test, PowerThatChangesIsIntegrated) {
  add_hwmon_rail(1, "VDD_IN", "5000", "0");
  // Power rises by 10 W a second from 0: 5 J in the first second, 20 in two.
  sysfs_.write(kHwmon + "curr1_input",
               [this] { return std::to_string(2000 * (clock_.now_s() - 100)); });
  const MeterReading reading = measure(2);
  EXPECT_NEAR(reading.energy_j.value(), 20, 1e-3);
  EXPECT_NEAR(energy_between_j(reading.series, 100, 101), 5, 1e-3);
}

TEST_F(Ina3221Test, MissedSamplesAreReported) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  // Once, the thread wakes 7.2 ms late: the samples of 7 periods are not taken.
  clock_.lateness_s = [](double time_s) { return std::abs(time_s - 100.1) < 1e-6 ? 0.0072 : 0; };
  const MeterReading reading = measure(0.5);
  EXPECT_EQ(reading.missed_samples, 7u);
  EXPECT_EQ(reading.samples, 502u - 7);
  EXPECT_NEAR(reading.energy_j.value(), 5, 1e-9);
}

TEST_F(Ina3221Test, WithoutRailsTheRemedyIsNamed) {
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "no INA3221 rails in /sys/class/hwmon or /sys/bus/iio/devices: run on a Jetson "
            "board with its own kernel ('sudo modprobe ina3221'), or use another --meter");
}

TEST_F(Ina3221Test, WithoutPermissionTheCommandIsNamed) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  sysfs_.refuse(kHwmon + "curr1_input", EACCES);
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "/sys/class/hwmon/hwmon3/curr1_input: not readable: run 'sudo chmod a+r "
            "/sys/class/hwmon/hwmon3/curr1_input'");
}

TEST_F(Ina3221Test, ARailThatVanishesEndsTheMeasurement) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  sysfs_.write_value(kHwmon + "in1_input", [this] {
    return clock_.now_s() > 100.2 ? SysfsValue{std::nullopt, ENODEV} : SysfsValue{"5000", 0};
  });
  EXPECT_EQ(error_of(1),
            "/sys/class/hwmon/hwmon3/in1_input: the rail cannot be read: No such device: see "
            "what 'sudo dmesg' says of it");
}

TEST_F(Ina3221Test, RailsThatReadZeroAreSaid) {
  add_hwmon_rail(1, "VDD_IN", "5000", "0");
  EXPECT_EQ(error_of(0.1), "the board's rails read zero throughout 0.1 s: is the monitor on?");
  add_hwmon_rail(1, "VDD_IN", "5000", "100");
  add_hwmon_rail(2, "VDD_GPU", "5000", "0");
  const MeterReading reading = measure(0.1);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0], "rail VDD_GPU read zero throughout");
}

TEST_F(Ina3221Test, ABoardThatReadsBelowZeroIsRefused) {
  add_hwmon_rail(1, "VDD_IN", "5000", "-8");
  EXPECT_EQ(error_of(0.1),
            "the board's rails read -0.04 W over 0.1 s, below zero: use another --meter");
}

}  // namespace
}  // namespace wattgrind
