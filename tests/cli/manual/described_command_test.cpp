#include "cli/manual/described_command.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/cli/manual/small_program.h"

namespace wattgrind {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const DescribedOption& option_named(const DescribedCommand& command, const std::string& name) {
  return *std::find_if(command.options.begin(), command.options.end(),
                       [&](const auto& option) { return long_name(option) == name; });
}

TEST(DescribedProgram, HoldsWhatIsNotHidden) {
  const DescribedProgram program = SmallProgram().described();
  ASSERT_EQ(program.commands.size(), 2u);
  EXPECT_EQ(program.commands[0].name, "adjust");
  const DescribedCommand& weigh = program.commands[1];
  EXPECT_EQ(weigh.footer, "Wants a scale.");
  std::vector<std::string> names;
  for (const DescribedOption& option : weigh.options) names.push_back(long_name(option));
  EXPECT_THAT(names, ElementsAre("--help", "--phase", "--output", "--machine", "--quiet"));
  ASSERT_EQ(weigh.arguments.size(), 1u);
  EXPECT_TRUE(weigh.arguments[0].required);
}

TEST(DescribedProgram, ValuesHaveTheirWordsOrThoseOfTheirName) {
  const DescribedProgram program = SmallProgram().described();
  const DescribedCommand& weigh = program.commands[1];
  EXPECT_THAT(option_named(weigh, "--phase").words, ElementsAre("new", "full"));
  EXPECT_THAT(option_named(weigh, "--machine").words, ElementsAre("host", "zen3"));
  EXPECT_EQ(option_named(weigh, "--machine").default_value, "host");
  EXPECT_THAT(option_named(weigh, "--output").words, IsEmpty());
  EXPECT_THAT(option_named(weigh, "--output").names, ElementsAre("-o", "--output"));
  EXPECT_TRUE(option_named(weigh, "--output").takes_files);
  EXPECT_FALSE(option_named(weigh, "--phase").takes_files);
  EXPECT_TRUE(option_named(weigh, "--quiet").value.empty());
  EXPECT_THAT(weigh.arguments[0].words, ElementsAre("lenet5"));
}

}  // namespace
}  // namespace wattgrind
