#include "cli/terminal/sentence.h"

#include <gtest/gtest.h>

namespace wattgrind {
namespace {

TEST(Sentence, KeepsForeignTextInItsLine) {
  const std::string name = "a\nb\x1b[31m";
  EXPECT_EQ(sentence("{}: {:.1f} of {}\n", name, 2.5, std::string_view("c\r")),
            "a\\nb\\x1b[31m: 2.5 of c\\r\n");
  EXPECT_EQ(sentence("{:>6}|{}", "\n", 7), "    \\n|7");
}

}  // namespace
}  // namespace wattgrind
