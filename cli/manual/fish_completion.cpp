#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/manual/completions.h"

namespace wattgrind {
namespace {

std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

// "-x -a 'a b'": what a value may be; files where it may be one, else none.
std::string values_of(const DescribedOption& option) {
  std::string text = option.takes_files ? " -r -F" : " -x";
  if (!option.words.empty()) {
    text += " -a " + fish_quoted(fmt::format("{}", fmt::join(option.words, " ")));
  }
  return text;
}

std::string option_line(const std::string& program, const std::string& condition,
                        const DescribedOption& option) {
  std::string line = fmt::format("complete -c {} -n {}", program, fish_quoted(condition));
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.value.empty()) line += values_of(option);
  return line + fmt::format(" -d {}\n", fish_quoted(option.text));
}

}  // namespace

std::string fish_completion(const DescribedProgram& program) {
  std::string text = fmt::format(
      "# fish completion for {0}, made from its own --help.\n"
      "complete -c {0} -f\n",
      program.name);
  for (const DescribedOption& option : program.options) {
    text += option_line(program.name, "__fish_use_subcommand", option);
  }
  for (const DescribedCommand& command : program.commands) {
    const std::string inside = "__fish_seen_subcommand_from " + command.name;
    text +=
        fmt::format("complete -c {} -n {} -a {} -d {}\n", program.name,
                    fish_quoted("__fish_use_subcommand"), command.name, fish_quoted(command.text));
    for (const DescribedOption& option : command.options) {
      text += option_line(program.name, inside, option);
    }
    for (const DescribedOption& argument : command.arguments) {
      text += fmt::format("complete -c {} -n {}{}\n", program.name, fish_quoted(inside),
                          argument.takes_files
                              ? " -F" + (argument.words.empty()
                                             ? std::string()
                                             : " -a " + fish_quoted(fmt::format(
                                                            "{}", fmt::join(argument.words, " "))))
                              : values_of(argument));
    }
  }
  return text;
}

}  // namespace wattgrind
