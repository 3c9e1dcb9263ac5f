#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/commands.h"
#include "estimator/base/error.h"
#include "estimator/base/suggestion.h"

namespace wattgrind {
namespace {

// Prints the one line an error is, and gives its exit status.
int report(ErrorKind kind, std::string message) {
  // File names may hold anything.
  std::replace_if(
      message.begin(), message.end(), [](unsigned char c) { return c < ' '; }, ' ');
  fmt::print(stderr, "wattgrind: {}\n", message);
  return static_cast<int>(kind);
}

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

int run(int argc, char** argv) {
  CLI::App program{"What a neural network costs on a CPU, in cycles and joules, layer by layer",
                   "wattgrind"};
  program.require_subcommand(1);
  program.get_formatter()->column_width(32);
  add_ask_tell_command(program);
  add_calibrate_command(program);
  add_data_command(program);
  add_doctor_command(program);
  add_estimate_command(program);
  add_machines_command(program);
  add_measure_command(program);
  add_networks_command(program);
  add_search_command(program);
  add_study_command(program);
  add_train_command(program);
  try {
    check_command(program, argc, argv);
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& help) {
    return program.exit(help);
  } catch (const CLI::ParseError& error) {
    return report(ErrorKind::kUsage, fmt::format("{} (--help tells more)", error.what()));
  } catch (const Error& error) {
    return report(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ErrorKind::kFailed, "out of memory");
  } catch (const std::exception& error) {
    return report(ErrorKind::kFailed, fmt::format("unexpected: {}", error.what()));
  }
}

}  // namespace
}  // namespace wattgrind

int main(int argc, char** argv) { return wattgrind::run(argc, argv); }
