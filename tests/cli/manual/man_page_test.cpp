// groff is the oracle where it is installed: it sets the page as people see it.
#include "cli/manual/man_page.h"

#include <gmock/gmock.h>

#include "estimator/system/atomic_file.h"
#include "estimator/system/process.h"
#include "tests/cli/manual/small_program.h"
#include "tests/temporary_folder.h"

namespace wattgrind {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ManPage, IsSetAsTheHelpHasIt) {
  const DescribedProgram program = SmallProgram().described();
  const TemporaryFolder folder;
  const std::string path = folder.path() / "scale-weigh.1";
  write_file(path, command_man_page(program, program.commands[1]));
  const ProcessResult result = make_process_runner()->run(
      {{"groff", "-man", "-Tascii", "-ww", "-P-c", "-P-u", "-P-b", path}, {"PATH=/usr/bin:/bin"}});
  if (std::holds_alternative<ProgramNotFound>(result.end)) GTEST_SKIP() << "no groff";
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.out, HasSubstr("scale-weigh - How heavy it is, in [kg]: one's own"));
  EXPECT_THAT(result.out, HasSubstr("scale weigh [OPTIONS] NETWORK"));
  EXPECT_THAT(result.out, HasSubstr("--phase new|full\n              .of the moon's \\ phases\n"));
  EXPECT_THAT(result.out, HasSubstr("-o, --output FILE\n"));
  EXPECT_THAT(result.out, HasSubstr("On which (default: host)\n"));
  EXPECT_THAT(result.out, HasSubstr("Wants a scale."));
}

TEST(ManPage, TheProgramsListsItsCommands) {
  const std::string page = program_man_page(SmallProgram().described());
  EXPECT_THAT(page, HasSubstr("\\fBscale\\-adjust(1)\\fR\nTurn the screw\n"));
  EXPECT_THAT(page, Not(HasSubstr("hidden")));
  EXPECT_THAT(page, HasSubstr(".TP\n130\nIt was interrupted.\n"));
}

}  // namespace
}  // namespace wattgrind
