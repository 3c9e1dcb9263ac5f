#include "estimator/meters/meter_power_supply.h"

#include <gtest/gtest.h>

#include "tests/estimator/meters/sysfs_meter_test.h"

namespace wattgrind {
namespace {

class PowerSupplyTest : public SysfsMeterTest {
 protected:
  PowerSupplyTest() : SysfsMeterTest(make_power_supply_meter) {}

  void write(const std::string& supply, const std::string& file, const std::string& text) {
    sysfs_.write("class/power_supply/" + supply + "/" + file, text);
  }

  // A laptop's: the battery tells its power, the adapter only that it is there.
  void write_laptop(const std::string& status, const std::string& online) {
    write("BAT0", "type", "Battery");
    write("BAT0", "status", status);
    write("BAT0", "power_now", "9500000");
    write("AC", "type", "Mains");
    write("AC", "online", online);
  }
};

TEST_F(PowerSupplyTest, ADischargingBatteryIsTheTotal) {
  write_laptop("Discharging", "0");
  const MeterReading reading = measure(10);
  EXPECT_NEAR(reading.energy_j.value(), 95, 1e-9);
  ASSERT_EQ(reading.rails.size(), 1u);
  EXPECT_EQ(reading.rails[0].name, "BAT0");
}

TEST_F(PowerSupplyTest, CurrentMayBeNegativeAndTimesVoltage) {
  write("battery", "type", "Battery");
  write("battery", "status", "Discharging");
  write("battery", "voltage_now", "3800000");
  write("battery", "current_now", "-500000");
  EXPECT_NEAR(measure(10).energy_j.value(), 19, 1e-9);
}

// What charges is fed by the supply, whose power holds it.
TEST_F(PowerSupplyTest, ABatteryThatChargesIsNotAdded) {
  write("BAT0", "type", "Battery");
  write("BAT0", "status", "Charging");
  write("BAT0", "power_now", "20000000");
  write("usb", "type", "USB");
  write("usb", "online", "1");
  write("usb", "voltage_now", "9000000");
  write("usb", "current_now", "3000000");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 27, 1e-9);
  ASSERT_EQ(reading.rails.size(), 2u);
  EXPECT_FALSE(reading.rails[0].in_total);
  EXPECT_TRUE(reading.rails[1].in_total);
}

TEST_F(PowerSupplyTest, ASilentAdapterThatFeedsIsSaid) {
  write_laptop("Charging", "1");
  EXPECT_EQ(
      error_of(1, ErrorKind::kMissing),
      "the power of this machine is not told in /sys/class/power_supply: AC feeds the machine "
      "and does not tell its power: /sys/class/power_supply/AC/voltage_now: No such file or "
      "directory; run on the battery alone, or use another meter");
  write_laptop("Discharging", "1");  // beside the battery: it would be missing from the total
  EXPECT_NE(error_of(1, ErrorKind::kMissing).find("AC feeds the machine"), std::string::npos);
  write_laptop("Full", "0");
  EXPECT_NE(error_of(1, ErrorKind::kMissing).find("none of them feeds it"), std::string::npos);
}

TEST_F(PowerSupplyTest, BatteriesOfMiceAreNotTheMachines) {
  write("hid-0018-battery", "type", "Battery");
  write("hid-0018-battery", "scope", "Device");
  write("hid-0018-battery", "status", "Discharging");
  write("hid-0018-battery", "power_now", "1000000");
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "no battery and no supply in /sys/class/power_supply: use another meter");
  write_laptop("Discharging", "0");
  EXPECT_EQ(measure(1).rails.size(), 1u);
}

TEST_F(PowerSupplyTest, WithoutRightsTheCommandIsNamed) {
  write_laptop("Discharging", "0");
  sysfs_.refuse("class/power_supply/BAT0/power_now", EACCES);
  EXPECT_NE(error_of(1, ErrorKind::kMissing)
                .find("run 'sudo chmod a+r /sys/class/power_supply/BAT0/power_now'"),
            std::string::npos);
}

}  // namespace
}  // namespace wattgrind
