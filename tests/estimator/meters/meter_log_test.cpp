#include "estimator/meters/meter_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <functional>

#include "estimator/system/calendar.h"
#include "estimator/system/interrupt.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"

namespace wattgrind {
namespace {

// A logger that lives by the fake clock: whenever that moves, the file holds what the logger would
// have written by then.
struct FakeLogger {
  double from_s = 0, pace_s = 1;
  double block_s = 0;  // what is gathered before it is written; 0: every line at once
  double fast_s = 0;   // its clock, ahead of the computer's
  double dies_at_s = INFINITY;
  bool local_time = false;  // dates without a zone instead of unix_s
  std::function<double(double)> power_w = [](double) { return 50; };

  void write(const std::string& file, double now_s) const {
    double end_s = std::min(now_s, dies_at_s);
    if (block_s > 0) end_s = std::floor(end_s / block_s + 1e-9) * block_s;
    std::ofstream log(file);
    log << (local_time ? "time,power_w\n" : "unix_s,power_w\n");
    const auto lines = static_cast<int>(std::floor((end_s - from_s) / pace_s + 1e-9));
    for (int i = 0; i <= lines; ++i) {
      const double time_s = from_s + i * pace_s;
      const double unix_s = FakeClock::kUnixAtZero + time_s + fast_s;
      log << (local_time ? format_utc(unix_s).substr(0, 19) : fmt::format("{:.3f}", unix_s)) << ","
          << power_w(time_s) << "\n";
    }
  }
};

class LogMeterTest : public testing::Test {
 protected:
  LogMeterTest() {
    file_ = testing::TempDir() + "power_log_" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv";
    clock_.lateness_s = [this](double time_s) {
      logger_.write(file_, time_s);
      return 0;
    };
  }

  std::unique_ptr<Meter> open() {
    logger_.write(file_, clock_.now_s());
    return make_log_meter(file_, clock_);
  }
  // The fake clock reads 100 when the meter is made; it has seen a line of its logger by 101.
  MeterReading measure(double seconds) {
    const auto meter = open();
    meter->start();
    clock_.advance(seconds);
    logger_.write(file_, clock_.now_s());
    return meter->stop();
  }
  std::string error_of(double seconds) {
    return error_text([&] { measure(seconds); }, ErrorKind::kFailed);
  }

  std::string file_;
  FakeLogger logger_;
  FakeClock clock_;
};

TEST_F(LogMeterTest, JoinsTheLogByTime) {
  logger_.power_w = [](double time_s) { return time_s < 110 ? 50 : 80; };
  const MeterReading reading = measure(20);
  // From 101 to 121: 8 s at 50 W, a ramp of 1 s, 11 s at 80 W.
  EXPECT_NEAR(reading.energy_j.value(), 8 * 50 + 65 + 11 * 80, 1e-3);
  EXPECT_EQ(reading.duration_s, 20);
  EXPECT_EQ(reading.samples, 21u);
  EXPECT_TRUE(reading.warnings.empty());
  // The series is on the clock that marks layers.
  EXPECT_NEAR(energy_between_j(reading.series, 112, 117.5), 5.5 * 80, 1e-3);
}

// Two hours east of Greenwich, three hours of 10 W and 40 W since a minute ago: taken for UTC, the
// power of the run would be 10 W.
TEST_F(LogMeterTest, TimesWithoutAZoneAreFoundOutBeforeTheRun) {
  clock_.advance(10800);  // to 10900
  logger_.from_s = 10000;
  logger_.pace_s = 10;
  logger_.power_w = [](double time_s) { return time_s < 10840 ? 10 : 40; };
  logger_.local_time = true;
  const std::string remedy =
      "this computer's clock: write the zone of its times, as in 2025-01-14 12:00:00+01:00, or set "
      "the clocks of both";
  logger_.fast_s = 7200;
  EXPECT_EQ(error_text([&] { open(); }, ErrorKind::kFailed),
            file_ + ": its newest line is of 2023-11-15 03:15:00 UTC, 2 h ahead of " + remedy);
  logger_.fast_s = -5 * 3600;
  EXPECT_EQ(error_text([&] { open(); }, ErrorKind::kFailed),
            file_ + ": its newest line is of 2023-11-14 20:15:10 UTC, 5 h behind " + remedy);
  logger_.fast_s = 0;
  EXPECT_NEAR(measure(20).power_w().value(), 40, 1e-6);
}

TEST_F(LogMeterTest, AClockThatIsWrongByAFewPacesIsRefused) {
  logger_.fast_s = -3.2;
  EXPECT_NEAR(measure(20).power_w().value(), 50, 1e-6);
  for (const double off_s : {-4.0, 4.0}) {
    logger_.fast_s = off_s;
    EXPECT_TRUE(error_text([&] { open(); }, ErrorKind::kFailed)
                    .ends_with(fmt::format(", {} this computer's clock: set the clocks of both",
                                           off_s < 0 ? "4 s behind" : "4 s ahead of")));
  }
}

TEST_F(LogMeterTest, WaitsForALoggerThatWritesSlowly) {
  logger_.pace_s = 20;
  EXPECT_NEAR(measure(210).energy_j.value(), 210 * 50, 1e-3);
}

// Lines 0.1 s apart that reach the file every 2 s.
TEST_F(LogMeterTest, WaitsForALoggerThatWritesInBlocks) {
  logger_.pace_s = 0.1;
  logger_.block_s = 2;
  clock_.advance(1.1);
  const MeterReading reading = measure(4.3);
  EXPECT_NEAR(reading.energy_j.value(), 4.3 * 50, 1e-3);
  EXPECT_GE(reading.samples, 43u);
}

TEST_F(LogMeterTest, ALoggerThatDoesNotWriteIsFoundOutBeforeTheRun) {
  logger_.from_s = 60;
  logger_.dies_at_s = 90;
  EXPECT_EQ(
      error_text([&] { open(); }, ErrorKind::kFailed),
      file_ +
          ": its newest line is of 2023-11-14 22:14:50 UTC, 20.1 s ago, and none was added in "
          "10 s: start the logger, and let it write every line at once (stdbuf -oL)");
}

TEST_F(LogMeterTest, ALoggerThatEndsDuringTheRunIsSaid) {
  logger_.dies_at_s = 110;
  EXPECT_EQ(error_of(20), file_ +
                              ": the log covers 2023-11-14 22:13:20 UTC to 2023-11-14 22:15:10 "
                              "UTC, the run was 2023-11-14 22:15:01 UTC to 2023-11-14 22:15:21 "
                              "UTC: keep the logger running during the run");
}

TEST_F(LogMeterTest, ALineThatIsBeingWrittenIsLeftForLater) {
  const auto meter = open();
  meter->start();
  clock_.advance(20);
  logger_.write(file_, clock_.now_s());
  std::ofstream(file_, std::ios::app) << FakeClock::kUnixAtZero + 122;
  EXPECT_NEAR(meter->stop().energy_j.value(), 50 * 20, 1e-3);
}

TEST_F(LogMeterTest, ALoggerThatWasOnceStoppedKeepsItsPace) {
  EXPECT_EQ(open()->least_duration_s(50, 0.02), 10);
  clock_.advance(90000);
  const std::string longer = file_ + ".longer";
  logger_.from_s = clock_.now_s() - 10;
  clock_.lateness_s = [&](double time_s) {
    logger_.write(longer, time_s);
    std::ifstream later(longer);
    std::string line;
    std::getline(later, line);
    std::ofstream log(file_);
    log << line << "\n" << FakeClock::kUnixAtZero << ",50\n" << later.rdbuf();
    return 0;
  };
  EXPECT_EQ(open()->least_duration_s(50, 0.02), 10);
}

TEST_F(LogMeterTest, AnInterruptEndsTheWait) {
  const auto meter = open();
  meter->start();
  clock_.advance(20);
  const InterruptGuard guard;
  std::raise(SIGINT);
  EXPECT_EQ(error_text([&] { meter->stop(); }, ErrorKind::kInterrupted), "interrupted");
}

TEST_F(LogMeterTest, FewSamplesAndZeroesAreSaid) {
  const MeterReading reading = measure(4);
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0], file_ + ": only 5 samples in 4 s: run longer");
  logger_.power_w = [](double) { return 0; };
  EXPECT_EQ(error_of(20), file_ + ": reads zero throughout the run: is the logger's sensor on?");
}

TEST_F(LogMeterTest, LinesOfOneSecondAreAveragedWithAWord) {
  logger_.pace_s = 0.5;
  logger_.local_time = true;
  logger_.power_w = [](double time_s) { return time_s == std::floor(time_s) ? 40 : 60; };
  const MeterReading reading = measure(20);
  EXPECT_NEAR(reading.power_w().value(), 50, 0.3);  // the last second has one line
  ASSERT_EQ(reading.warnings.size(), 1u);
  EXPECT_EQ(reading.warnings[0],
            file_ + ": lines that bear one time were averaged: write fractions of seconds");
}

}  // namespace
}  // namespace wattgrind
