#include "estimator/meters/power_log.h"

#include <gtest/gtest.h>

#include "tests/error_text.h"

namespace wattgrind {
namespace {

std::string error_of(const std::string& text) {
  return error_text([&] { parse_power_log(text, "plug.csv"); });
}

TEST(PowerLog, ReadsDatesAndMilliwatts) {
  const PowerLog log = parse_power_log(
      "time,device,power_mw\n2025-01-14 "
      "12:00:00Z,plug,1500\n2025-01-14T13:00:01.5+01:00,plug,2500\n",
      "plug.csv");
  ASSERT_EQ(log.series.size(), 2u);
  EXPECT_EQ(log.series[0].time_s, 1736856000);
  EXPECT_EQ(log.series[0].power_w, 1.5);
  EXPECT_EQ(log.series[1].time_s, 1736856001.5);
  EXPECT_TRUE(log.has_zones);
  EXPECT_FALSE(parse_power_log("time,power_w\n2025-01-14 12:00:00,1\n", "plug.csv").has_zones);
}

TEST(PowerLog, LinesOfOneTimeAreAveraged) {
  const PowerLog log = parse_power_log("unix_s,power_w\n5,10\n6,1\n6,2\n6,6\n7,20\n", "plug.csv");
  ASSERT_EQ(log.series.size(), 3u);
  EXPECT_DOUBLE_EQ(log.series[1].power_w, 3);
  EXPECT_EQ(log.series[2].power_w, 20);
  EXPECT_EQ(log.averaged_lines, 3u);
}

TEST(PowerLog, NamesEveryColumnThatWouldDo) {
  const std::string wanted =
      "plug.csv: wanted a column of times, unix_s (seconds since 1970) or time (2025-01-14 "
      "12:00:00+01:00), and a column of power, power_w or power_mw; the columns are ";
  EXPECT_EQ(error_of("when,power_w\n1,1\n"), wanted + "when, power_w");
  EXPECT_EQ(error_of("unix_s,watts\n1,1\n"), wanted + "unix_s, watts");
}

TEST(PowerLog, NamesTheUnitOfTimesThatAreNoSeconds) {
  EXPECT_EQ(error_of("unix_s,power_w\n1736856000123,1\n"),
            "plug.csv:2: column 'unix_s': 1736856000123 is in milliseconds since 1970, wanted "
            "seconds: divide by 1000");
  EXPECT_EQ(error_of("unix_s,power_w\n1736856000123456,1\n"),
            "plug.csv:2: column 'unix_s': 1736856000123456 is in microseconds since 1970, wanted "
            "seconds: divide by 1000000");
  EXPECT_EQ(error_of("unix_s,power_w\n1736856000123456789,1\n"),
            "plug.csv:2: column 'unix_s': 1736856000123456789 is in nanoseconds since 1970, wanted "
            "seconds: divide by 1000000000");
  EXPECT_EQ(error_of("unix_s,power_w\n1e300,1\n"),
            "plug.csv:2: column 'unix_s': 1e300 is no time: wanted seconds since 1970");
  EXPECT_EQ(error_of("unix_s,power_w\n-1e300,1\n"),
            "plug.csv:2: column 'unix_s': -1e300 is before 1970: wanted seconds since then");
}

TEST(PowerLog, NamesWhatIsWrong) {
  EXPECT_EQ(error_of("unix_s,power_w\n"), "plug.csv: a header, but no sample");
  EXPECT_EQ(error_of("unix_s,power_w\n1,-5\n"), "plug.csv:2: power must not be negative, found -5");
  EXPECT_EQ(error_of("unix_s,power_w\n5,1\n4,1\n"),
            "plug.csv:3: time 4 is before that of the line before");
  EXPECT_EQ(error_of("time,power_w\nnoon,1\n"),
            "plug.csv:2: column 'time': 'noon' is no date and time: expected 2025-01-14 "
            "12:00:00+01:00");
  EXPECT_EQ(
      error_of("time,power_w\n2025-01-14 12:00:00 XYZ,1\n"),
      "plug.csv:2: column 'time': XYZ in '2025-01-14 12:00:00 XYZ' is not this system's zone: "
      "write its offset, such as +01:00");
}

}  // namespace
}  // namespace wattgrind
