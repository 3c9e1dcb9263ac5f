#include "estimator/meters/meter_socwatch.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "estimator/system/file_text.h"
#include "estimator/system/interrupt.h"
#include "tests/error_text.h"
#include "tests/fake_clock.h"
#include "tests/places.h"

namespace wattgrind {
namespace {

// In the format of SoC Watch 2021.1, with numbers of our own; the collection starts when the fake
// clock reads 100.
std::string report(const std::string& started = "2023-11-14 22:15:00 GMT",
                   const std::string& duration = "10.0") {
  return "Intel(R) SoC Watch for Linux* OS Version 2021.1\n\n"
         "Command line options: -f power -t 10\n\n"
         "Data Collection Started: " +
         started +
         "\n"
         "Collection duration (sec):" +
         duration +
         "\n\n"
         "Package Power\n\n"
         "Package Power Summary: Average Rate and Total\n\n"
         "Component     , Metric Type, Average Rate (mW), Total (mJ)\n"
         "--------------, -----------, -----------------, ----------\n"
         "CPU/Package_0 , Power      , 30000.00         , 300000.00\n"
         "CPU/Package_1 , Power      , 20000.00         , 200000.00\n\n"
         "Package Power Summary: Total Samples Received\n\n"
         "Component     , Total # of samples, Min sampling interval (msec)\n"
         "--------------, ------------------, ----------------------------\n"
         "CPU/Package_0 , 6                 , 2.28\n\n"
         "DRAM Power Summary: Average Rate and Total\n\n"
         "Component     , Metric Type, Average Rate (mW), Total (mJ)\n"
         "--------------, -----------, -----------------, ----------\n"
         "DRAM/DRAM_0   , Power      , 8000.00          , 80000.00\n";
}

TEST(SocwatchReport, HoldsPackagesAndDram) {
  const SocwatchReport parsed = parse_socwatch(report(), "r.txt");
  EXPECT_EQ(parsed.start_unix_s, FakeClock::kUnixAtZero + 100);
  EXPECT_EQ(parsed.duration_s, 10);
  ASSERT_EQ(parsed.rails.size(), 3u);
  EXPECT_EQ(parsed.rails[0].name, "CPU/Package_0");
  EXPECT_EQ(parsed.rails[0].energy_j, 300);
  EXPECT_EQ(parsed.rails[2].name, "DRAM/DRAM_0");
  EXPECT_EQ(parsed.rails[2].energy_j, 80);
}

TEST(SocwatchReport, NamesWhatIsMissing) {
  const auto error_of = [](const std::string& text) {
    return error_text([&] { parse_socwatch(text, "r.txt"); });
  };
  EXPECT_EQ(error_of("hello\n"),
            "r.txt: no line 'Data Collection Started:': is it a report of SoC Watch?");
  EXPECT_EQ(error_of(report("yesterday")),
            "r.txt: 'yesterday' is no date and time: expected 2025-01-14 12:00:00 UTC");
  EXPECT_EQ(error_of(report("2023-11-14 22:15:00 GMT", "0")),
            "r.txt: '0' is no duration of a collection");
  const std::string whole = report();
  EXPECT_EQ(error_of(whole.substr(0, whole.find("Package Power"))),
            "r.txt: no power summary: collect with 'socwatch -f power'");
  std::string spoilt = whole;
  spoilt.replace(spoilt.find("300000.00"), 9, "lots     ");
  EXPECT_EQ(error_of(spoilt), "r.txt:14: expected component, metric, average (mW), total (mJ)");
}

TEST(SocwatchReport, AZoneThatIsNotTheSystemsHasARemedy) {
  setenv("TZ", "CET-1", 1);
  tzset();
  EXPECT_EQ(parse_socwatch(report("2023-11-14 23:15:00 CET"), "r.txt").start_unix_s,
            FakeClock::kUnixAtZero + 100);
  setenv("TZ", "UTC0", 1);
  tzset();
  EXPECT_EQ(error_text([&] { parse_socwatch(report("2023-11-14 23:15:00 CET"), "r.txt"); }),
            "r.txt: '2023-11-14 23:15:00 CET': CET is not this system's zone: collect with 'TZ=UTC "
            "socwatch -f power', or replace CET by the zone's offset, such as +01:00");
  unsetenv("TZ");
  tzset();
}

TEST(SocwatchReport, DecimalCommasAndWideCharactersAreNamed) {
  std::string german = report();
  german.replace(german.find("30000.00         , 300000.00"), 28, "30000,00         , 300000,00");
  EXPECT_EQ(error_text([&] { parse_socwatch(german, "r.txt"); }),
            "r.txt:14: numbers with decimal commas: collect with 'LC_ALL=C socwatch -f power'");
  std::string wide = "\xff\xfe";
  for (const char c : report()) wide += {c, '\0'};
  EXPECT_EQ(error_text([&] { parse_socwatch(wide, "r.txt"); }),
            "r.txt: text in UTF-16: turn it into UTF-8, with 'iconv -f UTF-16 -t UTF-8'");
}

// The sample of a real report: two packages and two DRAM controllers.
TEST(SocwatchReport, ReadsARealOne) {
  const std::filesystem::path path = shared_folder() / "measurements/socwatch_sample.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "skipped: no data";
  const SocwatchReport parsed = parse_socwatch(read_file(path), "sample");
  EXPECT_EQ(parsed.duration_s, 0.784405);
  ASSERT_EQ(parsed.rails.size(), 4u);
  EXPECT_DOUBLE_EQ(parsed.rails[1].energy_j, 26.58545);
  EXPECT_DOUBLE_EQ(parsed.rails[3].energy_j, 8.49292);
}

class SocwatchMeterTest : public testing::Test {
 protected:
  SocwatchMeterTest() {
    file_ = testing::TempDir() + "socwatch_" +
            testing::UnitTest::GetInstance()->current_test_info()->name() + ".txt";
    std::filesystem::remove(file_);
  }
  MeterReading measure(double seconds) {
    const auto meter = make_socwatch_meter(file_, clock_);
    meter->start();
    clock_.advance(seconds);
    return meter->stop();
  }
  std::string error_of(double seconds, ErrorKind kind = ErrorKind::kFailed) {
    return error_text([&] { measure(seconds); }, kind);
  }

  std::string file_;
  FakeClock clock_;
};

TEST_F(SocwatchMeterTest, TakesTheAverageForTheTimeOfTheRun) {
  std::ofstream(file_) << report();
  const MeterReading reading = measure(9.8);
  EXPECT_NEAR(reading.energy_j.value(), 58 * 9.8, 1e-9);
  EXPECT_NEAR(reading.rails[2].energy_j, 8 * 9.8, 1e-9);
}

TEST_F(SocwatchMeterTest, WaitsForTheReport) {
  clock_.lateness_s = [this](double) {
    std::ofstream(file_) << report();
    return 0;
  };
  EXPECT_NEAR(measure(10).energy_j.value(), 580, 1e-9);
}

TEST_F(SocwatchMeterTest, WaitsForAReportThatIsBeingWritten) {
  const std::string whole = report();
  std::ofstream(file_) << whole.substr(0, 50);
  clock_.lateness_s = [&](double) {
    std::ofstream(file_) << whole;
    return 0;
  };
  EXPECT_NEAR(measure(10).energy_j.value(), 580, 1e-9);
}

TEST_F(SocwatchMeterTest, AnInterruptEndsTheWait) {
  const InterruptGuard guard;
  std::raise(SIGINT);
  EXPECT_EQ(error_of(10, ErrorKind::kInterrupted), "interrupted");
}

TEST_F(SocwatchMeterTest, AnotherCollectionIsRefused) {
  EXPECT_EQ(error_of(10, ErrorKind::kMissing),
            file_ + ": not there 60 s after the run: run 'socwatch -f power -t SECONDS' beside it");
  clock_.advance(-70);  // as if the minute was not waited
  std::ofstream(file_) << report("2023-11-14 21:15:00 GMT");
  EXPECT_EQ(error_of(10), file_ +
                              ": the collection covers 2023-11-14 21:15:00 UTC to 2023-11-14 "
                              "21:15:10 UTC, the run was 2023-11-14 22:15:00 UTC to 2023-11-14 "
                              "22:15:10 UTC: let SoC Watch collect during the run");
}

TEST_F(SocwatchMeterTest, ACollectionMuchLongerThanTheRunIsRefused) {
  std::ofstream(file_) << report();
  EXPECT_EQ(error_of(5),
            file_ +
                ": the collection lasted 10 s, the run 5 s: its average holds more than the "
                "run; end the collection with it");
}

TEST(SocwatchFile, WhatCanNeverBeAReportIsRefusedBeforeTheRun) {
  FakeClock clock;
  EXPECT_EQ(error_text([&] { make_socwatch_meter("/dev/zero", clock); }),
            "/dev/zero: found a device, wanted a file");
}

}  // namespace
}  // namespace wattgrind
