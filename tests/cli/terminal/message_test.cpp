#include "cli/terminal/message.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace wattgrind {
namespace {

TEST(Message, IsOneLineOfBoundedLength) {
  EXPECT_EQ(message_line("x.json: found \"a\nb\""), "x.json: found \"a\\nb\"");
  const std::string line = message_line("found \"" + std::string(100'000, 'a') + "\", wanted b");
  EXPECT_EQ(line.size(), 500u);
  EXPECT_EQ(line.substr(0, 9), "found \"aa");
  EXPECT_NE(line.find("aaa...aaa"), std::string::npos);
  EXPECT_EQ(line.substr(line.size() - 13), "aa\", wanted b") << "the remedy stands at the end";
}

TEST(Message, AStreamThatIsFullHarmsNobody) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  write_or_drop(full, "lost");
  EXPECT_EQ(std::ferror(full), 0) << "the next line is tried anew";
  std::fclose(full);
}

}  // namespace
}  // namespace wattgrind
