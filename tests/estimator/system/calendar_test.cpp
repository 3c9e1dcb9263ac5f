#include "estimator/system/calendar.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace wattgrind {
namespace {

double seconds_of(const char* text) { return parse_time_of_day(text).value().unix_s; }

// Seconds from `date -u -d ... +%s`.
TEST(Calendar, ReadsWhatLogsWrite) {
  EXPECT_EQ(seconds_of("2025-01-14 12:00:00"), 1736856000);
  EXPECT_EQ(seconds_of("2025-01-14T12:00:00.5Z"), 1736856000.5);
  EXPECT_EQ(seconds_of("2022-03-08 10:13:18 GMT"), 1646734398);
  EXPECT_EQ(seconds_of("2025-01-14T12:00:00-05:30"), 1736856000 + 5.5 * 3600);
  EXPECT_EQ(seconds_of("2024-02-29 00:00:00"), 1709164800);
  EXPECT_EQ(seconds_of("1969-12-31 23:59:59"), -1);
  EXPECT_FALSE(parse_time_of_day("2025-01-14 12:00:00")->has_zone);
  EXPECT_TRUE(parse_time_of_day("2025-01-14 12:00:00Z")->has_zone);
  EXPECT_TRUE(parse_time_of_day("2025-01-14 12:00:00+01:00")->has_zone);
  for (const char* text : {"", "noon", "2025-02-29 00:00:00", "2025-01-14 24:00:00",
                           "2025-01-14 12:00:99", "2025-01-14 12:00"}) {
    EXPECT_FALSE(parse_time_of_day(text)) << text;
    EXPECT_FALSE(unknown_zone(text)) << text;
  }
}

// Sets the system's zone for a test, as /etc/localtime would.
class Zone {
 public:
  explicit Zone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~Zone() {
    unsetenv("TZ");
    tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
};

TEST(Calendar, KnowsTheNamesOfTheSystemsOwnZone) {
  // Central European time, written out so that no database of zones is needed.
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(seconds_of("2025-01-14 13:00:00 CET"), 1736856000);
  EXPECT_EQ(seconds_of("2025-07-14 14:00:00 CEST"), 1752494400);
  // Half past two on the morning that clocks go back is there twice.
  EXPECT_EQ(seconds_of("2025-10-26 02:30:00 CEST"), 1761438600);
  EXPECT_EQ(seconds_of("2025-10-26 02:30:00 CET"), 1761438600 + 3600);
  EXPECT_FALSE(parse_time_of_day("2025-07-14 14:00:00 CET"));  // it is summer
  EXPECT_EQ(unknown_zone("2025-01-14 12:00:00 PST"), "PST");
  EXPECT_FALSE(unknown_zone("2025-01-14 12:00:00 CET"));
}

TEST(Calendar, AZoneThatIsNotTheSystemsIsUnknown) {
  const Zone zone("UTC0");
  EXPECT_FALSE(parse_time_of_day("2025-01-14 13:00:00 CET"));
  EXPECT_EQ(unknown_zone("2025-01-14 13:00:00 CET"), "CET");
}

TEST(Calendar, WritesTimesAndDurations) {
  EXPECT_EQ(format_utc(1736856000), "2025-01-14 12:00:00 UTC");
  EXPECT_EQ(format_utc(-1), "1969-12-31 23:59:59 UTC");
  EXPECT_EQ(format_duration(0.25), "0.25 s");
  EXPECT_EQ(format_duration(90), "90 s");
  EXPECT_EQ(format_duration(1800), "30 min");
  EXPECT_EQ(format_duration(7199.7), "2 h");
  EXPECT_EQ(format_duration(19676 * 86400.0), "19676 days");
}

}  // namespace
}  // namespace wattgrind
