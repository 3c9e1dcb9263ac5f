#include "estimator/system/held_clock.h"

#include <gmock/gmock.h>

#include "tests/error_text.h"
#include "tests/fake_sysfs.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kCpufreq = "devices/system/cpu/cpufreq/";

// Policies that run from 600 to 2000 MHz, now held to 800 to 1600 MHz.
FakeSysfs two_policies() {
  FakeSysfs sysfs;
  for (const char* policy : {"policy0/", "policy4/"}) {
    sysfs.write(kCpufreq + policy + "cpuinfo_min_freq", "600000");
    sysfs.write(kCpufreq + policy + "cpuinfo_max_freq", "2000000");
    sysfs.write(kCpufreq + policy + "scaling_min_freq", "800000");
    sysfs.write(kCpufreq + policy + "scaling_max_freq", "1600000");
  }
  sysfs.writes.clear();
  return sysfs;
}

std::string value(const FakeSysfs& sysfs, const std::string& file) {
  return sysfs.read(kCpufreq + file).text.value();
}

TEST(HeldClock, HoldsEveryPolicyAndPutsItBack) {
  FakeSysfs sysfs = two_policies();
  {
    const HeldClock clock(sysfs, 1.2e9);
    for (const char* policy : {"policy0/", "policy4/"}) {
      EXPECT_EQ(value(sysfs, std::string(policy) + "scaling_min_freq"), "1200000");
      EXPECT_EQ(value(sysfs, std::string(policy) + "scaling_max_freq"), "1200000");
    }
  }
  for (const char* policy : {"policy0/", "policy4/"}) {
    EXPECT_EQ(value(sysfs, std::string(policy) + "scaling_min_freq"), "800000");
    EXPECT_EQ(value(sysfs, std::string(policy) + "scaling_max_freq"), "1600000");
  }
}

// Linux refuses a least above the most.
TEST(HeldClock, MakesRoomFirst) {
  FakeSysfs sysfs = two_policies();
  const HeldClock clock(sysfs, 2e9);
  ASSERT_EQ(sysfs.writes.size(), 4u);
  EXPECT_EQ(sysfs.writes[0], kCpufreq + "policy0/scaling_max_freq=2000000");
  EXPECT_EQ(sysfs.writes[1], kCpufreq + "policy0/scaling_min_freq=2000000");
}

TEST(HeldClock, AClockThatTheCpuDoesNotHaveIsRefused) {
  FakeSysfs sysfs = two_policies();
  EXPECT_THAT(error_text([&] { HeldClock(sysfs, 3e9); }, ErrorKind::kUsage),
              HasSubstr("from 600000 to 2000000 kHz"));
  for (const char* policy : {"policy0/", "policy4/"}) {
    sysfs.write(kCpufreq + policy + "scaling_available_frequencies", "600000 1200000 2000000 ");
  }
  sysfs.writes.clear();
  EXPECT_THAT(error_text([&] { HeldClock(sysfs, 1.3e9); }, ErrorKind::kUsage),
              HasSubstr("600000 1200000 2000000"));
  EXPECT_THAT(sysfs.writes, ElementsAre());
}

TEST(HeldClock, ASystemWithoutCpufreqIsToldSo) {
  FakeSysfs sysfs;
  EXPECT_THAT(error_text([&] { HeldClock(sysfs, 1e9); }, ErrorKind::kMissing),
              HasSubstr("virtual machines"));
}

TEST(HeldClock, WhoMayNotWriteIsToldHow) {
  FakeSysfs sysfs = two_policies();
  sysfs.refuse_writing(kCpufreq + "policy4/scaling_max_freq", EACCES);
  EXPECT_THAT(error_text([&] { HeldClock(sysfs, 1.2e9); }, ErrorKind::kMissing),
              HasSubstr("run as root"));
  // What was held before is put back.
  EXPECT_EQ(value(sysfs, "policy0/scaling_min_freq"), "800000");
  EXPECT_EQ(value(sysfs, "policy0/scaling_max_freq"), "1600000");
}

TEST(HeldClock, AFileThatHoldsNoNumberIsNamed) {
  FakeSysfs sysfs = two_policies();
  sysfs.write(kCpufreq + "policy0/scaling_max_freq", "<unsupported>");
  EXPECT_THAT(error_text([&] { HeldClock(sysfs, 1.2e9); }, ErrorKind::kMissing),
              HasSubstr("policy0/scaling_max_freq"));
}

}  // namespace
}  // namespace wattgrind
