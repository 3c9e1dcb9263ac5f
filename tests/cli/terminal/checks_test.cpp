#include "cli/terminal/checks.h"

#include <gtest/gtest.h>

#include <string>

namespace wattgrind {
namespace {

// What the check says of `text`; empty where it passes.
std::string said(const CLI::Validator& check, std::string text) { return check(text); }

TEST(Checks, IntegersHaveARange) {
  const CLI::Validator check = integer_from(1, 10);
  for (const char* good : {"1", "7", "10"}) EXPECT_EQ(said(check, good), "") << good;
  for (const char* bad :
       {"0", "11", "-1", "1.5", "1e1", "", " 1", "1 ", "nan", "0x1", "99999999999999999999"}) {
    EXPECT_EQ(said(check, bad), "found " + std::string(bad) + ", wanted an integer from 1 to 10");
  }
  EXPECT_EQ(check.get_description(), "1..10");
  EXPECT_EQ(said(positive_integer(), "0"), "found 0, wanted an integer of at least 1");
}

TEST(Checks, NumbersAreFiniteAndWithinTheirRange) {
  const CLI::Validator check = number_from(0, 1e300);
  for (const char* good : {"0", "0.5", "1e-3", "5e-324", "1e300"}) {
    EXPECT_EQ(said(check, good), "") << good;
  }
  for (const char* bad : {"nan", "-nan", "NAN", "inf", "Infinity", "-inf", "1e999", "2e300", "-1",
                          "-1e-300", "one", ""}) {
    EXPECT_EQ(said(check, bad), "found " + std::string(bad) + ", wanted a number from 0 to 1e+300");
  }
  EXPECT_EQ(check.get_description(), "0..1e+300");
}

}  // namespace
}  // namespace wattgrind
