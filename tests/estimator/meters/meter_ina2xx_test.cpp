#include "estimator/meters/meter_ina2xx.h"

#include <gtest/gtest.h>

#include "tests/estimator/meters/sysfs_meter_test.h"

namespace wattgrind {
namespace {

class Ina2xxTest : public SysfsMeterTest {
 protected:
  Ina2xxTest() : SysfsMeterTest(make_ina2xx_meter) {}
};

// As drivers/hwmon/ina238.c shows it: power in microwatts, in0 the shunt, in1 the bus.
TEST_F(Ina2xxTest, OneMonitorIsTheTotal) {
  sysfs_.write("class/hwmon/hwmon0/name", "cpu_thermal");
  sysfs_.write("class/hwmon/hwmon2/name", "ina238");
  sysfs_.write("class/hwmon/hwmon2/in0_input", "12");
  sysfs_.write("class/hwmon/hwmon2/in1_input", "5100");
  sysfs_.write("class/hwmon/hwmon2/curr1_input", "1500");
  sysfs_.write("class/hwmon/hwmon2/power1_input", "7650000");
  const MeterReading reading = measure(2);
  EXPECT_NEAR(reading.energy_j.value(), 15.3, 1e-9);
  ASSERT_EQ(reading.rails.size(), 1u);
  EXPECT_EQ(reading.rails[0].name, "ina238");
  EXPECT_TRUE(reading.rails[0].in_total);
  EXPECT_TRUE(reading.warnings.empty());
}

TEST_F(Ina2xxTest, WithoutPowerItIsVoltageTimesCurrent) {
  sysfs_.write("class/hwmon/hwmon2/name", "ina219");
  sysfs_.write("class/hwmon/hwmon2/in1_input", "5000");
  sysfs_.write("class/hwmon/hwmon2/curr1_input", "400");
  EXPECT_NEAR(measure(1).energy_j.value(), 2, 1e-9);
}

// As drivers/iio/adc/ina2xx-adc.c shows it: raw numbers, and what they are times.
TEST_F(Ina2xxTest, AnotherKernelsDeviceHasScales) {
  const std::string folder = "bus/iio/devices/iio:device0/";
  sysfs_.write(folder + "name", "ina226");
  sysfs_.write(folder + "in_power2_raw", "240");
  sysfs_.write(folder + "in_power2_scale", "12.5");  // mW
  EXPECT_NEAR(measure(1).energy_j.value(), 3, 1e-9);
  sysfs_ = FakeSysfs();
  sysfs_.write(folder + "name", "ina226");
  sysfs_.write(folder + "in_voltage1_raw", "4000");
  sysfs_.write(folder + "in_voltage1_scale", "1.25");  // mV
  sysfs_.write(folder + "in_current3_raw", "1000");
  sysfs_.write(folder + "in_current3_scale", "0.5");  // mA
  EXPECT_NEAR(measure(1).energy_j.value(), 2.5, 1e-9);
}

TEST_F(Ina2xxTest, SeveralAreSummedWithAWordAndNamedByTheirLabels) {
  for (const int device : {1, 2, 3}) {
    const std::string folder = fmt::format("class/hwmon/hwmon{}/", device);
    sysfs_.write(folder + "name", "ina226");
    sysfs_.write(folder + "power1_input", fmt::format("{}000000", device));
  }
  sysfs_.write("class/hwmon/hwmon3/label", "vdd_cpu");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 6, 1e-9);
  EXPECT_EQ(
      reading.warnings,
      std::vector<std::string>{
          "the board is not known by its rails: ina226 (hwmon1), ina226 (hwmon2), vdd_cpu were "
          "summed, and where one feeds another, its power counts twice"});
}

TEST_F(Ina2xxTest, WhatCannotBeReadIsLeftOutWithTheRemedy) {
  sysfs_.write("class/hwmon/hwmon1/name", "ina238");
  sysfs_.refuse("class/hwmon/hwmon1/power1_input", EACCES);
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "no power monitor can be read: rail ina238 is left out: it is not readable: run 'sudo "
            "chmod a+r /sys/class/hwmon/hwmon1/power1_input'");
  sysfs_.write("class/hwmon/hwmon2/name", "ina219");
  sysfs_.write("class/hwmon/hwmon2/power1_input", "2000000");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 2, 1e-9);
  EXPECT_EQ(reading.warnings.size(), 1u);
}

TEST_F(Ina2xxTest, WithoutMonitorsTheRemedyIsNamed) {
  sysfs_.write("class/hwmon/hwmon1/name", "ina3221");  // a meter of its own
  EXPECT_EQ(
      error_of(1, ErrorKind::kMissing),
      "no INA219 to INA260 in /sys/class/hwmon or /sys/bus/iio/devices: load the monitor's "
      "driver ('sudo modprobe ina238' or 'ina2xx', with its device tree overlay), or use another "
      "meter");
}

}  // namespace
}  // namespace wattgrind
