#include "estimator/meters/meter_log.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "estimator/system/interrupt.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"

namespace wattgrind {
namespace {

class LogMeterTest : public testing::Test {
 protected:
  LogMeterTest() {
    file_ = testing::TempDir() + "power_log_" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv";
  }

  // A sample a second from `from` to `to` on the fake clock, of power_w(time).
  template <typename Power>
  void write_log(double from, double to, Power power_w) {
    std::ofstream log(file_);
    log << "unix_s,power_w\n";
    for (double time = from; time <= to; time += 1) {
      log << fmt::format("{},{}\n", FakeClock::kUnixAtZero + time, power_w(time));
    }
  }
  MeterReading measure(double seconds) {
    const auto meter = make_log_meter(file_, clock_);
    meter->start();
    clock_.advance(seconds);
    return meter->stop();
  }
  std::string error_of(double seconds) {
    return error_text([&] { measure(seconds); }, ErrorKind::kFailed);
  }

  std::string file_;
  FakeClock clock_;
};

TEST_F(LogMeterTest, JoinsTheLogByTime) {
  write_log(0, 200, [](double time) { return time < 110 ? 50 : 80; });
  const MeterReading reading = measure(20);
  // 9 s at 50 W, a ramp of 1 s, 10 s at 80 W.
  EXPECT_NEAR(reading.energy_j.value(), 9 * 50 + 65 + 10 * 80, 1e-3);
  EXPECT_EQ(reading.duration_s, 20);
  EXPECT_EQ(reading.samples, 21u);
  EXPECT_TRUE(reading.warnings.empty());
  // The series is on the clock that marks layers.
  EXPECT_NEAR(energy_between_j(reading.series, 112, 117.5), 5.5 * 80, 1e-3);
}

TEST_F(LogMeterTest, AClockThatDoesNotOverlapIsSaid) {
  write_log(0, 110, [](double) { return 50; });
  EXPECT_EQ(error_of(20), file_ +
                              ": the log covers 2023-11-14 22:13:20 UTC to 2023-11-14 22:15:10 "
                              "UTC, the run was 2023-11-14 22:15:00 UTC to 2023-11-14 22:15:20 "
                              "UTC: keep the logger running during the run, and its clock set");
}

TEST_F(LogMeterTest, WaitsForALoggerThatWritesSlowly) {
  write_log(0, 110, [](double) { return 50; });
  const auto meter = make_log_meter(file_, clock_);
  meter->start();
  clock_.advance(11.5);
  clock_.lateness_s = [this](double) {  // the next line is written while stop() waits
    write_log(0, 113, [](double) { return 50; });
    return 0;
  };
  EXPECT_NEAR(meter->stop().energy_j.value(), 11.5 * 50, 1e-3);
}

TEST_F(LogMeterTest, ALineThatIsBeingWrittenIsLeftForLater) {
  write_log(0, 200, [](double) { return 50; });
  std::ofstream(file_, std::ios::app) << FakeClock::kUnixAtZero + 201;
  EXPECT_NEAR(measure(20).energy_j.value(), 50 * 20, 1e-3);
}

TEST_F(LogMeterTest, ALoggerThatWasOnceStoppedKeepsItsPace) {
  write_log(0, 200, [](double) { return 50; });
  const auto meter = make_log_meter(file_, clock_);
  EXPECT_EQ(meter->least_duration_s(50, 0.02), 10);
  std::ofstream(file_, std::ios::app) << FakeClock::kUnixAtZero + 90000 << ",50\n";
  EXPECT_EQ(make_log_meter(file_, clock_)->least_duration_s(50, 0.02), 10);
}

TEST_F(LogMeterTest, AnInterruptEndsTheWait) {
  write_log(0, 110, [](double) { return 50; });
  const auto meter = make_log_meter(file_, clock_);
  meter->start();
  clock_.advance(20);
  const InterruptGuard guard;
  std::raise(SIGINT);
  EXPECT_EQ(error_text([&] { meter->stop(); }, ErrorKind::kInterrupted), "interrupted");
}

TEST_F(LogMeterTest, FewSamplesAndZeroesAreSaid) {
  write_log(0, 200, [](double) { return 50; });
  const MeterReading reading = measure(4);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0], file_ + ": only 5 samples in 4 s: run longer");
  write_log(0, 200, [](double) { return 0; });
  EXPECT_EQ(error_of(20), file_ + ": reads zero throughout the run: is the logger's sensor on?");
}

TEST(PowerLog, ReadsDatesAndMilliwatts) {
  const auto series = parse_power_log(
      "time,device,power_mw\n2025-01-14 "
      "12:00:00,plug,1500\n2025-01-14T13:00:01.5+01:00,plug,2500\n",
      "plug.csv");
  ASSERT_EQ(series.size(), 2u);
  EXPECT_EQ(series[0].time_s, 1736856000);
  EXPECT_EQ(series[0].power_w, 1.5);
  EXPECT_EQ(series[1].time_s, 1736856001.5);
}

TEST(PowerLog, NamesWhatIsWrong) {
  const auto error_of = [](const std::string& text) {
    return error_text([&] { parse_power_log(text, "plug.csv"); });
  };
  EXPECT_EQ(error_of("when,power_w\n1,1\n"),
            "plug.csv: no column 'time'; the columns are when, power_w");
  EXPECT_EQ(error_of("unix_s,watts\n1,1\n"),
            "plug.csv: no column 'power_w'; the columns are unix_s, watts");
  EXPECT_EQ(error_of("unix_s,power_w\n"), "plug.csv: a header, but no sample");
  EXPECT_EQ(error_of("unix_s,power_w\n1,-5\n"), "plug.csv:2: power must not be negative, found -5");
  EXPECT_EQ(error_of("unix_s,power_w\n5,1\n4,1\n"),
            "plug.csv:3: time 4 is not after the line before");
  EXPECT_EQ(error_of("time,power_w\nnoon,1\n"),
            "plug.csv:2: column 'time': 'noon' is no date and time: expected 2025-01-14 12:00:00");
}

}  // namespace
}  // namespace wattgrind
