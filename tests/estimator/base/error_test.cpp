#include "estimator/base/error.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

TEST(Error, CarriesKindAndMessage) {
  try {
    fail(ErrorKind::kInput, "{}: found {}, wanted {}", "net.json", -1, "a size");
    FAIL() << "fail returned";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_STREQ(error.what(), "net.json: found -1, wanted a size");
  }
}

TEST(Error, WithinPutsWhatNamedItBeforeTheMessage) {
  EXPECT_EQ(within("a.json", [] { return 3; }), 3);
  try {
    within("a.json: machine", [] { fail(ErrorKind::kMissing, "no such"); });
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kMissing);
    EXPECT_STREQ(error.what(), "a.json: machine: no such");
  }
}

TEST(CheckDeathTest, PrintsConditionAndValues) {
  const int ways = 0;
  EXPECT_DEATH(CHECK(ways > 0, "ways = {}", ways), "ways > 0 \\(ways = 0\\)");
}

}  // namespace
}  // namespace wattgrind
