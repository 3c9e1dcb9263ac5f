// The shells are the oracle: each reads its completions, and bash completes with them.
#include "cli/manual/completions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "estimator/system/atomic_file.h"
#include "estimator/system/process.h"
#include "tests/cli/manual/small_program.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

class Completions : public testing::Test {
 protected:
  std::string written(const std::string& name, const std::string& text) const {
    write_file(folder_.path() / name, text);
    return folder_.path() / name;
  }

  // What a shell says of a script; skips the test where the shell is not there.
  ProcessResult said(const std::vector<std::string>& argv) const {
    return make_process_runner()->run({argv, {"PATH=/usr/bin:/bin"}, folder_.path()});
  }

  // What bash proposes after these words, the last of which is begun.
  std::string proposed(const std::string& words) const {
    const std::string script = written("scale", bash_completion(SmallProgram().described()));
    const ProcessResult result = said(
        {"bash", "-uc",
         fmt::format("source {}; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _scale; "
                     "echo ${{COMPREPLY[@]:-}}",
                     script, words)});
    EXPECT_EQ(result.error, "");
    return result.out;
  }

  const TemporaryFolder folder_;
};

TEST_F(Completions, BashProposesWhatMayStandThere) {
  EXPECT_EQ(proposed("scale ''"), "adjust weigh -h --help\n");
  EXPECT_EQ(proposed("scale wei"), "weigh\n");
  EXPECT_EQ(proposed("scale weigh --ph"), "--phase\n");
  EXPECT_EQ(proposed("scale weigh --phase f"), "full\n");
  EXPECT_EQ(proposed("scale weigh --machine z"), "zen3\n");
  EXPECT_EQ(proposed("scale weigh len"), "lenet5\n");
  EXPECT_EQ(proposed("scale adjust len"), "\n");
}

TEST_F(Completions, BashProposesFilesWhereOneMayStand) {
  written("seen.json", "");
  EXPECT_EQ(proposed("scale weigh --output se"), "seen.json\n");
  EXPECT_EQ(proposed("scale weigh se"), "seen.json\n");
  EXPECT_EQ(proposed("scale weigh --phase se"), "\n");
}

TEST_F(Completions, ZshReadsItsOwn) {
  const std::string text = zsh_completion(SmallProgram().described());
  EXPECT_THAT(text, testing::HasSubstr("'weigh:How heavy it is, in \\[kg\\]\\: one'\\''s own'"));
  EXPECT_THAT(text, testing::HasSubstr(":MACHINE,...:{_wattgrind_words_or_files host zen3}'"));
  const ProcessResult result = said({"zsh", "-n", written("_scale", text)});
  if (std::holds_alternative<ProgramNotFound>(result.end)) GTEST_SKIP() << "no zsh";
  EXPECT_EQ(result.error, "");
}

TEST_F(Completions, FishReadsItsOwn) {
  const std::string text = fish_completion(SmallProgram().described());
  EXPECT_THAT(text, testing::HasSubstr("-a weigh -d 'How heavy it is, in [kg]: one\\'s own'\n"));
  const ProcessResult result = said({"fish", "--no-execute", written("scale.fish", text)});
  if (std::holds_alternative<ProgramNotFound>(result.end)) GTEST_SKIP() << "no fish";
  EXPECT_EQ(result.error, "");
}

}  // namespace
}  // namespace wattgrind
