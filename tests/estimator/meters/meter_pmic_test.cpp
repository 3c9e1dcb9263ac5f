#include "estimator/meters/meter_pmic.h"

#include <gtest/gtest.h>

#include "estimator/meters/pmic_adc.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"

namespace wattgrind {
namespace {

// What an idle Raspberry Pi 5 printed, in part.
constexpr const char* kPrinted =
    "   3V7_WL_SW_A current(0)=0.05000000A\n"
    "     3V3_SYS_A current(1)=0.10000000A\n"
    "    VDD_CORE_A current(7)=2.00000000A\n"
    "   3V7_WL_SW_V volt(8)=3.60000000V\n"
    "     3V3_SYS_V volt(9)=3.30000000V\n"
    "    VDD_CORE_V volt(15)=0.75000000V\n"
    "       EXT5V_V volt(24)=5.10000000V\n"
    "        BATT_V volt(25)=0.00000000V\n";

// vcgencmd as the test has it.
class FakeVcgencmd : public ProcessRunner {
 public:
  ProcessResult run(const ProcessSpec& spec) override {
    EXPECT_EQ(spec.argv, (std::vector<std::string>{"vcgencmd", "pmic_read_adc"}));
    return result;
  }

  ProcessResult result = {ProcessExited{0}, kPrinted, ""};
};

class PmicTest : public testing::Test {
 protected:
  std::string error_of(ErrorKind kind) {
    return error_text([&] { make_pmic_meter(vcgencmd_, clock_); }, kind);
  }

  FakeClock clock_;
  FakeVcgencmd vcgencmd_;
};

TEST(PmicAdc, RailsAreCurrentsThatHaveAVoltage) {
  const std::vector<PmicRail> rails = parse_pmic_adc(kPrinted);
  ASSERT_EQ(rails.size(), 3u);
  EXPECT_EQ(rails[2].name, "VDD_CORE");
  EXPECT_DOUBLE_EQ(rails[2].power_w(), 1.5);
}

TEST(PmicAdc, OtherTextIsRefused) {
  for (const char* text : {"", "VDD_CORE_A current(7)=2A\n", "VDD_CORE_V volt(15)=1V\n"}) {
    EXPECT_EQ(error_text([&] { parse_pmic_adc(text); }, ErrorKind::kFailed),
              "vcgencmd pmic_read_adc: no rail has both a current and a voltage");
  }
  for (const char* text :
       {"hello", "A_A current(0)=xA", "A_A current(0)=1V", "A_A ohm(0)=1A", "="}) {
    EXPECT_EQ(error_text([&] { parse_pmic_adc(text); }, ErrorKind::kFailed),
              fmt::format("vcgencmd pmic_read_adc: expected a line like 'VDD_CORE_A "
                          "current(7)=2.098A', found '{}'",
                          text));
  }
}

TEST_F(PmicTest, TheRailsAddUp) {
  const auto meter = make_pmic_meter(vcgencmd_, clock_);
  clock_.set_end_after(2);
  meter->start();
  const MeterReading reading = meter->stop();
  EXPECT_NEAR(reading.energy_j.value(), 2 * (0.05 * 3.6 + 0.1 * 3.3 + 1.5), 1e-9);
  EXPECT_EQ(reading.rails.size(), 3u);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_NE(reading.warnings[0].find("what 5 V feeds past it"), std::string::npos);
}

TEST_F(PmicTest, WithoutTheChipOrItsRightsTheRemedyIsNamed) {
  vcgencmd_.result = {ProgramNotFound{}, "", ""};
  EXPECT_EQ(error_of(ErrorKind::kMissing),
            "no vcgencmd here: run on a Raspberry Pi 5 ('sudo apt install raspi-utils'), or use "
            "another meter");
  vcgencmd_.result = {ProcessExited{255}, "", "Can't open device file: /dev/vcio\n"};
  EXPECT_EQ(
      error_of(ErrorKind::kMissing),
      "vcgencmd pmic_read_adc said 'Can't open device file: /dev/vcio': only a Raspberry Pi 5 "
      "has this chip, and only members of the group video may ask it ('sudo usermod -aG video "
      "$USER', then log in again)");
  vcgencmd_.result = {ProcessExited{0}, "error=1 error_msg=\"Command not registered\"\n", ""};
  EXPECT_NE(error_of(ErrorKind::kMissing).find("only a Raspberry Pi 5 has this chip"),
            std::string::npos);
}

}  // namespace
}  // namespace wattgrind
