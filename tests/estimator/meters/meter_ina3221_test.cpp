#include "estimator/meters/meter_ina3221.h"

#include <gtest/gtest.h>

#include "tests/estimator/meters/sysfs_meter_test.h"

namespace wattgrind {
namespace {

const std::string kIio = "bus/iio/devices/iio:device0/";

class Ina3221Test : public SysfsMeterTest {
 protected:
  Ina3221Test() : SysfsMeterTest(make_ina3221_meter) {}

  void add_hwmon_rail(int channel, const std::string& name, const std::string& millivolts,
                      const std::string& milliamps) {
    sysfs_.write(hwmon_ + "name", "ina3221");
    sysfs_.write(hwmon_ + fmt::format("in{}_label", channel), name);
    sysfs_.write(hwmon_ + fmt::format("in{}_input", channel), millivolts);
    sysfs_.write(hwmon_ + fmt::format("curr{}_input", channel), milliamps);
  }

  std::string hwmon_ = "class/hwmon/hwmon3/";  // of the monitor that rails are added to
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

TEST_F(Ina3221Test, AnUnknownBoardIsSummedWithAWord) {
  add_hwmon_rail(1, "VDD_CPU", "5000", "600");
  add_hwmon_rail(2, "VDD_GPU", "5000", "400");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 5, 1e-9);
  EXPECT_EQ(reading.warnings,
            std::vector<std::string>{
                "the board is not known by its rails: VDD_CPU, VDD_GPU were summed, and where one "
                "feeds another, its power counts twice"});
}

// The 5 V rail feeds the memory's.
TEST_F(Ina3221Test, AgxOrinSumsThreeOfFourRails) {
  add_hwmon_rail(1, "VDD_GPU_SOC", "19000", "200");
  add_hwmon_rail(2, "VDD_CPU_CV", "19000", "100");
  add_hwmon_rail(3, "VIN_SYS_5V0", "5000", "994");
  hwmon_ = "class/hwmon/hwmon4/";
  add_hwmon_rail(1, "NC", "0", "0");
  add_hwmon_rail(2, "VDDQ_VDD2_1V8AO", "5000", "218");
  add_hwmon_rail(3, "NC", "0", "0");
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 10.67, 1e-9);
  ASSERT_EQ(reading.rails.size(), 4u);
  EXPECT_TRUE(reading.rails[2].in_total);
  EXPECT_FALSE(reading.rails[3].in_total);
  EXPECT_NEAR(reading.rails[3].energy_j, 1.09, 1e-9);
  EXPECT_TRUE(reading.warnings.empty());
}

struct BoardRails {
  const char* board;
  std::vector<const char*> rails;
  double total_w;  // where the rails take 1 W, 2 W, 4 W, ... in this order
};

TEST_F(Ina3221Test, EveryBoardHasItsSetOfRails) {
  const BoardRails boards[] = {
      {"Orin NX, Orin Nano", {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"}, 1},
      {"AGX Xavier", {"GPU", "CPU", "SOC", "CV", "VDDRQ", "SYS5V"}, 63},
      {"Xavier NX", {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"}, 1},
      {"TX2",
       {"VDD_SYS_GPU", "VDD_SYS_SOC", "VDD_4V0_WIFI", "VDD_IN", "VDD_SYS_CPU", "VDD_SYS_DDR",
        "VDD_MUX", "VDD_5V0_IO_SYS", "VDD_3V3_SYS"},
       8},
      {"TX1", {"VDD_IN", "VDD_GPU", "VDD_CPU", "VDD_MUX", "VDD_5V_IO_SYS", "VDD_3V3_SYS"}, 1},
      {"Nano", {"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"}, 1},
  };
  for (const BoardRails& board : boards) {
    sysfs_ = FakeSysfs();
    for (size_t i = 0; i < board.rails.size(); ++i) {
      hwmon_ = fmt::format("class/hwmon/hwmon{}/", 3 + i / 3);
      add_hwmon_rail(static_cast<int>(1 + i % 3), board.rails[i], "1000",
                     std::to_string(1000 << i));
    }
    const MeterReading reading = measure(1);
    EXPECT_NEAR(reading.energy_j.value(), board.total_w, 1e-9) << board.board;
    EXPECT_EQ(reading.rails.size(), board.rails.size()) << board.board;
    EXPECT_TRUE(reading.warnings.empty()) << board.board;
  }
}

TEST_F(Ina3221Test, ChannelsOfOneNameAndOfNoneAreToldApart) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  add_hwmon_rail(2, "AUX", "5000", "100");
  add_hwmon_rail(3, "AUX", "5000", "200");
  hwmon_ = "class/hwmon/hwmon4/";
  add_hwmon_rail(1, "", "5000", "300");
  sysfs_.refuse(hwmon_ + "in1_label", ENOENT);
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 10, 1e-9);
  ASSERT_EQ(reading.rails.size(), 4u);
  EXPECT_EQ(reading.rails[1].name, "AUX (hwmon3 channel 2)");
  EXPECT_EQ(reading.rails[2].name, "AUX (hwmon3 channel 3)");
  EXPECT_EQ(reading.rails[3].name, "hwmon4 channel 1");
  EXPECT_FALSE(reading.rails[3].in_total);
}

TEST_F(Ina3221Test, ADisabledChannelHasItsRemedy) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  add_hwmon_rail(2, "VDD_GPU", "5000", "100");
  sysfs_.write(hwmon_ + "in2_enable", "0");
  sysfs_.refuse(hwmon_ + "in2_input", ENODATA);
  sysfs_.refuse(hwmon_ + "curr2_input", ENODATA);
  const MeterReading reading = measure(1);
  EXPECT_NEAR(reading.energy_j.value(), 10, 1e-9);
  EXPECT_EQ(reading.rails.size(), 1u);
  EXPECT_EQ(reading.warnings,
            std::vector<std::string>{
                "rail VDD_GPU is left out: its channel is disabled: run 'echo 1 | sudo tee "
                "/sys/class/hwmon/hwmon3/in2_enable'"});
  sysfs_.write(hwmon_ + "in1_enable", "0");
  EXPECT_EQ(
      error_text([this] { make_meter(); }, ErrorKind::kMissing),
      "rail VDD_IN, a part of the total, cannot be read: its channel is disabled: run 'echo 1 "
      "| sudo tee /sys/class/hwmon/hwmon3/in1_enable'");
}

TEST_F(Ina3221Test, ReadsThatFailNowAndThenLoseNothing) {
  for (const int failures : {1, 20}) {
    for (const int failing : {1, 2, 41}) {
      add_hwmon_rail(1, "VDD_IN", "5000", "0");
      int reads = 0;
      sysfs_.write_value(hwmon_ + "curr1_input", [&] {
        ++reads;
        if (reads > failing && reads <= failing + failures) return SysfsValue{std::nullopt, EIO};
        return SysfsValue{"2000", 0};
      });
      const MeterReading reading = measure(0.5);
      EXPECT_NEAR(reading.energy_j.value(), 10 * reading.duration_s, 1e-9);
      EXPECT_NEAR(reading.rails[0].energy_j, *reading.energy_j, 1e-9);
    }
  }
}

TEST_F(Ina3221Test, TheLastReadIsTriedAgain) {
  add_hwmon_rail(1, "VDD_IN", "5000", "0");
  sysfs_.write_value(hwmon_ + "curr1_input", [this] {
    const bool is_busy = clock_.now_s() > 100.49 && clock_.now_s() < 100.53;
    return is_busy ? SysfsValue{std::nullopt, EAGAIN} : SysfsValue{"2000", 0};
  });
  const MeterReading reading = measure(0.5);
  EXPECT_NEAR(reading.duration_s, 0.53, 0.011);
  EXPECT_NEAR(reading.energy_j.value(), 10 * reading.duration_s, 1e-9);
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
  sysfs_.write(hwmon_ + "curr1_input",
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
            "board with its own kernel ('sudo modprobe ina3221'), or use another meter");
}

TEST_F(Ina3221Test, WithoutPermissionTheCommandIsNamed) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  sysfs_.refuse(hwmon_ + "curr1_input", EACCES);
  EXPECT_EQ(error_of(1, ErrorKind::kMissing),
            "rail VDD_IN, a part of the total, cannot be read: it is not readable: run 'sudo chmod "
            "a+r /sys/class/hwmon/hwmon3/curr1_input'");
}

TEST_F(Ina3221Test, ARailThatVanishesEndsTheMeasurement) {
  add_hwmon_rail(1, "VDD_IN", "5000", "2000");
  sysfs_.write_value(hwmon_ + "in1_input", [this] {
    return clock_.now_s() > 100.2 ? SysfsValue{std::nullopt, ENODEV} : SysfsValue{"5000", 0};
  });
  EXPECT_EQ(error_of(1),
            "rail VDD_IN cannot be read any more: /sys/class/hwmon/hwmon3/in1_input: No such "
            "device");
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
            "the board's rails read -0.04 W over 0.1 s, below zero: use another meter");
}

}  // namespace
}  // namespace wattgrind
