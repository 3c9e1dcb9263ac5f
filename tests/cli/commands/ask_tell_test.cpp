// The protocol with the program itself.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/cli/run_wattgrind.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;

// Runs ask-tell on `space` with `input` on its standard input.
Ran ask_tell(const std::string& space, const std::string& input, const std::string& options = "") {
  TemporaryFolder folder;
  std::ofstream(folder.path() / "space.json") << space;
  std::ofstream(folder.path() / "input") << input;
  const std::string command = program_path() + " ask-tell space.json " + options + " < input";
  const ProcessResult result = make_process_runner()->run(
      {{"/bin/sh", "-c", command}, {"PATH=/usr/bin:/bin"}, folder.path(), 1 << 20});
  const auto* exited = std::get_if<ProcessExited>(&result.end);
  return {exited ? exited->status : -1, result.out, result.error};
}

constexpr const char* kSpace = R"({"space": {"x": {"int": [0, 99]}}, /* a comment */ "seed": 1})";

TEST(AskTellCommand, ProposesUntilTheInputEnds) {
  const Ran ran = ask_tell(kSpace, "{\"trial\": 0, \"value\": 2}\n{\"trial\": 1, \"value\": 1}\n");
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3);
  EXPECT_THAT(ran.out, HasSubstr("{\"trial\":2,\"params\":{\"x\":"));
}

TEST(AskTellCommand, KeepsTrialsInFlight) {
  const Ran ran = ask_tell(kSpace, "", "--parallel 5");
  EXPECT_EQ(ran.status, 0) << ran.error;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 5);
}

TEST(AskTellCommand, NamesWrongLinesAndGoesOn) {
  const Ran ran = ask_tell(kSpace, "nonsense\n{\"trial\": 0, \"value\": 2}\n");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 3) << "asked again after line 2";
  EXPECT_THAT(ran.out, HasSubstr("\n{\"error\":\"standard input, line 1:1:2: syntax error"));
  EXPECT_THAT(ran.out, HasSubstr("\"in_flight\":[0]}\n{\"trial\":1,"));
  EXPECT_THAT(ran.error, HasSubstr("wattgrind: standard input, line 1:1:2: syntax error"));
  EXPECT_THAT(ran.error, HasSubstr("1 of 2 lines were wrong"));
}

// A driver that writes a line and then waits for one: it must get one, and the session go on.
TEST(AskTellCommand, AnswersADriverWhoseLossDiverged) {
  const Ran ran =
      ask_tell(kSpace,
               "{\"trial\": 0, \"value\": NaN}\n{\"trial\": 0, \"value\": Infinity}\n"
               "{\"trial\": 0, \"value\": 1e999}\n{\"trial\": 0, \"state\": \"failed\"}\n");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 5);
  EXPECT_THAT(ran.out, HasSubstr("\n{\"trial\":1,\"params\":"));
  EXPECT_THAT(ran.error, HasSubstr("3 of 4 lines were wrong"));
}

TEST(AskTellCommand, EndsAtALineWithoutEnd) {
  const Ran ran = ask_tell(kSpace, std::string((1 << 20) + 1, ' '));
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("standard input, line 1: longer than 1048576 bytes"));
}

TEST(AskTellCommand, NamesFileAndKeyOfAWrongSpace) {
  const Ran ran = ask_tell(R"({"space": {"x": {"int": [9, 1]}}})", "");
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.error, HasSubstr("space.json: space.x.int: low 9 is above high 1"));
}

}  // namespace
}  // namespace wattgrind
