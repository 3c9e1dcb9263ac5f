#include "cli/manual/described_command.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

bool is_word(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '_' || c == '=' ||
           c == '/';
  });
}

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// "MACHINE" of "MACHINE,...", "NETWORK" of "NETWORK..."
std::string name_of_one(const std::string& value) {
  return value.substr(0, value.find_first_of(",."));
}

std::vector<std::string> words_of(const std::string& value, const ValueWords& known) {
  if (const auto found = known.find(name_of_one(value)); found != known.end()) return found->second;
  const std::vector<std::string> parts =
      parts_of(value, value.find('|') == std::string::npos ? ',' : '|');
  return std::all_of(parts.begin(), parts.end(), is_word) ? parts : std::vector<std::string>{};
}

// Names of values that are, or may be, a file or a folder.
bool names_files(const std::string& value) {
  static const std::vector<std::string> kNames = {"FILE",    "DIR",         "FOLDER", "NETWORK",
                                                  "MACHINE", "ACCELERATOR", "CONFIG", "READINGS",
                                                  "SPACE",   "WORKLOAD",    "WHAT"};
  return std::any_of(kNames.begin(), kNames.end(), [&](const std::string& name) {
    return value.find(name) != std::string::npos;
  });
}

DescribedOption described(const CLI::Option& option, const ValueWords& words) {
  DescribedOption result;
  for (const std::string& name : option.get_snames()) result.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) result.names.push_back("--" + name);
  result.text = option.get_description();
  result.required = option.get_required();
  if (option.get_items_expected_max() == 0) return result;
  result.value = option.get_type_name();
  result.default_value = option.get_default_str();
  result.words = words_of(result.value, words);
  result.takes_files = names_files(result.value);
  return result;
}

}  // namespace

DescribedProgram describe_program(const CLI::App& program, const std::string& version,
                                  const ValueWords& words) {
  DescribedProgram result{program.get_name(), program.get_description(), version, {}, {}};
  for (const CLI::Option* option : program.get_options()) {
    if (!option->get_group().empty()) result.options.push_back(described(*option, words));
  }
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    if (command->get_group().empty()) continue;
    DescribedCommand& added = result.commands.emplace_back();
    added.name = command->get_name();
    added.text = command->get_description();
    added.footer = command->get_footer();
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_group().empty()) continue;
      DescribedOption found = described(*option, words);
      (found.names.empty() ? added.arguments : added.options).push_back(std::move(found));
    }
  }
  std::sort(result.commands.begin(), result.commands.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return result;
}

std::string long_name(const DescribedOption& option) {
  return option.names.empty() ? name_of_one(option.value) : option.names.back();
}

}  // namespace wattgrind
