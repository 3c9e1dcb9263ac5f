// Built-in names are found however they are spelled: an owner of a Raspberry Pi 4 types
// raspberrypi4.
#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <string_view>

#include "estimator/catalog/accelerator_source.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "estimator/formats/builtin_files.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

std::string shouted_letters(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '_') letters += static_cast<char>(std::toupper(c));
  }
  return letters;
}

TEST(Spelling, EveryBuiltInNameIsFoundByItsLetters) {
  for (const std::string_view name : builtin_names("machines")) {
    EXPECT_EQ(find_machine(shouted_letters(name)).name, name);
  }
  for (const std::string_view name : builtin_names("networks")) {
    EXPECT_EQ(find_network(shouted_letters(name)).name, name);
  }
  for (const std::string_view name : builtin_names("accelerators")) {
    EXPECT_EQ(find_accelerator(shouted_letters(name)).name, name);
  }
}

TEST(Spelling, OtherLettersAreAnotherName) {
  EXPECT_EQ(error_text([] { find_machine("raspberrypi6"); }),
            "unknown machine \"raspberrypi6\"; did you mean raspberry_pi_3 or raspberry_pi_4 or "
            "raspberry_pi_5? (a file's name ends in .json)");
}

}  // namespace
}  // namespace wattgrind
