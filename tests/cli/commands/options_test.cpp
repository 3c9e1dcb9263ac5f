// Every option of every command, found by asking the commands themselves: one that takes a number
// refuses what is none and says its range, and the others are known to take words.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/commands/commands.h"

namespace wattgrind {
namespace {

// Options whose value is a word, a name, a path or a list of words. A new option with a number
// belongs not here but has one of the checks of cli/terminal/checks.h.
const std::set<std::string> kTakeWords = {
    "--accelerator",   "--accuracy",    "--algorithm",     "--best",         "--bind",
    "--budget",        "--check",       "--copy-to",       "--dataflow",     "--duration-column",
    "--energy-column", "--export",      "--flame",         "--host",         "--input",
    "--keep",          "--kind",        "--layers",        "--machine",      "--meter",
    "--metrics",       "--model",       "--output",        "--path",         "--plot",
    "--plots",         "--range",       "--readings",      "--report",       "--sparsity",
    "--studies",       "--study",       "--sysfs",         "--terms",        "--token-file",
    "--vary",          "--warm-start",  "--weights",       "--workload",     "--write",
    "--write-machine", "--write-model", "--write-network", "--write-weights"};

const std::string kNeverGiven = "--never-given";

std::unique_ptr<CLI::App> program() {
  auto app = std::make_unique<CLI::App>("", "wattgrind");
  for (const auto add :
       {add_ask_tell_command, add_calibrate_command, add_compare_command, add_data_command,
        add_dataflow_command, add_doctor_command, add_estimate_command, add_machines_command,
        add_measure_command, add_networks_command, add_prune_command, add_run_command,
        add_search_command, add_serve_command, add_study_command, add_train_command,
        add_worker_command}) {
    add(*app);
  }
  // An option that is never given keeps every command from being run.
  for (CLI::App* command : app->get_subcommands(nullptr)) {
    command->add_option(kNeverGiven)->required();
  }
  return app;
}

struct NamedOption {
  std::string command;
  std::string name;
};

std::vector<NamedOption> options() {
  std::vector<NamedOption> found;
  const auto app = program();
  for (const CLI::App* command : app->get_subcommands(nullptr)) {
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_lnames().empty() || option->get_items_expected_max() == 0) continue;
      const std::string name = "--" + option->get_lnames()[0];
      if (name == "--help" || name == kNeverGiven) continue;
      found.push_back({command->get_name(), name});
    }
  }
  return found;
}

// Whether the option takes the value: CLI11 reads and checks all values before it asks for the
// arguments that are missing here.
bool takes(const NamedOption& option, const std::string& value) {
  const auto app = program();
  try {
    // A vector is read from its end.
    app->parse(std::vector<std::string>{value, option.name, option.command});
  } catch (const CLI::ValidationError&) {
    return false;
  } catch (const CLI::ConversionError&) {
    return false;
  } catch (const CLI::ParseError&) {
    return true;
  }
  return true;
}

TEST(Options, NumbersThatAreNoneNeverPass) {
  size_t words = 0;
  for (const NamedOption& option : options()) {
    const bool takes_words = kTakeWords.contains(option.name) &&
                             (option.name != "--weights" || option.command != "calibrate");
    words += takes_words ? 1 : 0;
    for (const char* value : {"nan", "NaN", "inf", "-inf", "Infinity", "1e999", "-1e999"}) {
      EXPECT_EQ(takes(option, value), takes_words)
          << option.command << " " << option.name << " " << value;
    }
  }
  EXPECT_GE(words, kTakeWords.size()) << "the list holds what is no option any more";
}

// A check without a description says no range in --help.
TEST(Options, NumbersSayTheirRange) {
  const auto app = program();
  size_t numbers = 0;
  for (const NamedOption& named : options()) {
    const CLI::Option* option = app->get_subcommand(named.command)->get_option(named.name);
    // Takes some number, but no word: not a choice among words.
    const bool number = (takes(named, "1") || takes(named, "2")) && !takes(named, "word");
    if (!number) continue;
    ++numbers;
    const std::string type = option->get_type_name();
    EXPECT_TRUE(type.find("..") != std::string::npos || type.find(">=") != std::string::npos)
        << named.command << " " << named.name << ": " << type;
  }
  EXPECT_GE(numbers, 15u);
}

}  // namespace
}  // namespace wattgrind
