#include <CLI/CLI.hpp>
#include <exception>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/program.h"
#include "cli/terminal/command_line.h"
#include "cli/terminal/failure.h"
#include "cli/terminal/message.h"
#include "cli/terminal/output.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"
#include "estimator/system/standard_streams.h"

namespace wattgrind {
namespace {

// CLI11 only says that an argument was not expected.
void check_command(const CLI::App& program, int argc, char** argv) {
  if (argc < 2 || *argv[1] == '-') return;
  const std::string_view word = argv[1];
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    if (command->get_name() == word) return;
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  fail(ErrorKind::kUsage, "unknown command {}; {}", word,
       suggest(word, std::vector<std::string_view>(names.begin(), names.end())));
}

void parse_and_run(CLI::App& program, int argc, char** argv) {
  try {
    check_command(program, argc, argv);
    program.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    // --help and --version are results like any other.
    std::ostringstream text;
    program.exit(asked, text, text);
    print_to_stdout(text.str());
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::kUsage, "{} (--help tells more)", error.what());
  }
}

int run(int argc, char** argv) {
  try {
    const std::unique_ptr<CLI::App> program = make_program();
    parse_and_run(*program, argc, argv);
    return 0;
  } catch (...) {
    const Failure failure = describe_failure(std::current_exception());
    print_message(failure.message);
    return static_cast<int>(failure.kind);
  }
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) {
  wattgrind::secure_standard_streams();
  wattgrind::remember_command_line(argc, argv);
  return wattgrind::run(argc, argv);
}
