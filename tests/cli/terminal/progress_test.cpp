#include "cli/terminal/progress.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>

namespace wattgrind {
namespace {

class Progress : public testing::Test {
 protected:
  std::string written() const {
    std::string text(static_cast<size_t>(std::ftell(file_.get())), '\0');
    std::rewind(file_.get());
    EXPECT_EQ(std::fread(text.data(), 1, text.size(), file_.get()), text.size());
    return text;
  }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), std::fclose};
};

TEST_F(Progress, RewritesOneLineAndWipesIt) {
  {
    ProgressLine line(file_.get(), true);
    line.show("layers", 1, 3);
    line.show("layers", 3, 3);
  }
  EXPECT_EQ(written(), "\rlayers 1/3\x1b[K\rlayers 3/3\x1b[K\r\x1b[K");
}

TEST_F(Progress, LeavesOutWhatComesTooSoon) {
  ProgressLine line(file_.get(), true);
  for (uint64_t i = 0; i < 1000; ++i) line.show("trials", i, 100'000);
  EXPECT_LT(written().size(), 200u);
}

TEST_F(Progress, WritesNothingWhereItIsSwitchedOff) {
  {
    ProgressLine line(file_.get(), false);
    line.show("layers", 1, 3);
  }
  EXPECT_EQ(written(), "");
}

TEST_F(Progress, GivesProgramsALineEachTime) {
  {
    ProgressLine line(file_.get(), true, true);
    line.show("lay\ners", 1, 3);
    line.show("layers", 3, 3);
  }
  EXPECT_EQ(written(), "lay\\ners 1/3\nlayers 3/3\n");
}

}  // namespace
}  // namespace wattgrind
