#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/commands/version.h"
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
    names.push_back(command->get_name());
  }
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
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
    CLI::App program{"What a neural network costs on a CPU, in cycles and joules, layer by layer",
                     "wattgrind"};
    program.require_subcommand(1);
    program.get_formatter()->column_width(32);
    program.set_version_flag("--version", version_text, "Of the program, of LLVM and of Valgrind");
    add_ask_tell_command(program);
    add_calibrate_command(program);
    add_compare_command(program);
    add_data_command(program);
    add_dataflow_command(program);
    add_doctor_command(program);
    add_estimate_command(program);
    add_machines_command(program);
    add_measure_command(program);
    add_networks_command(program);
    add_run_command(program);
    add_search_command(program);
    add_study_command(program);
    add_sweep_command(program);
    add_train_command(program);
    parse_and_run(program, argc, argv);
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
