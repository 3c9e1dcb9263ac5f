#include "estimator/meters/meter.h"

#include <gtest/gtest.h>

#include "estimator/base/error.h"
#include "estimator/meters/periodic_sampler.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"
#include "tests/fake_sysfs.h"

namespace wattgrind {
namespace {

class Nobody : public Operator {
 public:
  void tell(const std::string&) override {}
  std::optional<std::string> ask(const std::string&) override { return std::nullopt; }
};

class MeterTest : public testing::Test {
 protected:
  std::string error_of(const std::string& spec, ErrorKind kind = ErrorKind::kUsage) {
    return error_text([&] { make_meter(spec, {clock_, sysfs_, nobody_, *processes_}); }, kind);
  }

  FakeClock clock_;
  FakeSysfs sysfs_;
  Nobody nobody_;
  std::unique_ptr<ProcessRunner> processes_ = make_process_runner();
};

TEST_F(MeterTest, NoneGivesTimeAlone) {
  const auto meter = make_meter("none", {clock_, sysfs_, nobody_, *processes_});
  meter->start();
  clock_.advance(2.5);
  const MeterReading reading = meter->stop();
  EXPECT_DOUBLE_EQ(reading.duration_s, 2.5);
  EXPECT_FALSE(reading.energy_j);
  EXPECT_FALSE(reading.power_w());
}

TEST_F(MeterTest, AnUnknownMeterIsTheCommandLinesFault) {
  EXPECT_EQ(error_of("watts"),
            "watts: unknown: use rapl, ina3221, ina2xx, pmic, power_supply, log:FILE, "
            "socwatch:FILE, manual or none");
  EXPECT_EQ(error_of("rapl:0"),
            "rapl:0: unknown: use rapl, ina3221, ina2xx, pmic, power_supply, log:FILE, "
            "socwatch:FILE, manual or none");
  EXPECT_EQ(error_of("log"), "log: name its file: log:FILE");
  EXPECT_EQ(error_of("log:"), "log:: name its file: log:FILE");
  EXPECT_TRUE(error_of("log:/no/such/file", ErrorKind::kInput).starts_with("/no/such/file: "));
  EXPECT_TRUE(error_of("rapl", ErrorKind::kMissing).starts_with("no RAPL package zone"));
}

MeterReading reading_of(double duration_s, std::optional<double> energy_j) {
  MeterReading reading;
  reading.duration_s = duration_s;
  reading.energy_j = energy_j;
  return reading;
}

TEST(NetEnergy, IsTheLoadAboveIdle) {
  EXPECT_DOUBLE_EQ(net_energy_j(reading_of(10, 1000), reading_of(5, 200)), 600);
  EXPECT_THROW(net_energy_j(reading_of(10, 1000), reading_of(5, std::nullopt)), Error);
  EXPECT_EQ(
      error_text([] { net_energy_j(reading_of(10, 300), reading_of(5, 200)); }, ErrorKind::kFailed),
      "the load took 30.00 W, the idle system 40.00 W: end what else runs and measure again");
}

TEST(PowerSeries, IsIntegratedLinearly) {
  const std::vector<PowerSample> series = {{0, 0}, {2, 20}, {3, 20}, {5, 0}};
  EXPECT_DOUBLE_EQ(energy_between_j(series, 0, 5), 20 + 20 + 20);
  EXPECT_DOUBLE_EQ(energy_between_j(series, 1, 2), 15);
  EXPECT_DOUBLE_EQ(energy_between_j(series, 0.5, 1), 3.75);
  EXPECT_DOUBLE_EQ(energy_between_j(series, 1, 4), 15 + 20 + 15);
  EXPECT_DOUBLE_EQ(energy_between_j(series, 5, 5), 0);
}

TEST(PowerSeries, GapsArePausesLongerThanUsual) {
  const std::vector<PowerSample> series = {{0, 1}, {1, 1}, {2, 1},  {6, 1},
                                           {7, 1}, {8, 1}, {8.5, 1}};
  EXPECT_EQ(pace_s(series), 1);
  EXPECT_EQ(pace_s({{3, 1}}), 0);
  EXPECT_EQ(unsampled_s(series, 0, 8.5, 3), 4);
  EXPECT_EQ(unsampled_s(series, 3, 5, 3), 2);
  EXPECT_EQ(unsampled_s(series, 0.5, 3, 3), 1);
  EXPECT_EQ(unsampled_s(series, 6, 8, 3), 0);
  EXPECT_EQ(unsampled_s(series, 0, 8, 4), 0);
}

TEST(PeriodicSampler, KeepsTimeOnTheSystemsClock) {
  int samples = 0;
  PeriodicSampler sampler(system_clock(), 0.002, [&](double) { ++samples; });
  sampler.start();
  system_clock().sleep_until(system_clock().now_s() + 0.05, {});
  const uint64_t missed = sampler.stop();
  // Every period of the 50 ms was either sampled or reported; a busy machine may stretch them.
  EXPECT_GE(samples - 2 + static_cast<int>(missed), 23);
}

TEST(PeriodicSampler, WhatASampleThrowsIsThrownByStop) {
  FakeClock clock;
  clock.set_end_after(1);
  PeriodicSampler sampler(clock, 0.1, [&](double time_s) {
    if (time_s > 100.5) fail(ErrorKind::kFailed, "gone");
  });
  sampler.start();
  EXPECT_THROW(sampler.stop(), Error);
}

}  // namespace
}  // namespace wattgrind
