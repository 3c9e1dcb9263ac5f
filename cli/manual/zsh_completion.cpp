#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/manual/completions.h"

namespace wattgrind {
namespace {

// Text inside the single quotes of an argument of _arguments or _describe, where brackets, colons
// and backslashes mean something.
std::string in_specification(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string action_of(const DescribedOption& option) {
  const std::string words = fmt::format("{}", fmt::join(option.words, " "));
  if (option.takes_files && !words.empty()) {
    return fmt::format("{{_wattgrind_words_or_files {}}}", words);
  }
  if (option.takes_files) return "_files";
  return words.empty() ? " " : fmt::format("({})", words);
}

std::string value_of(const DescribedOption& option) {
  return fmt::format(":{}:{}", in_specification(option.value), action_of(option));
}

std::string specifications(const DescribedCommand& command) {
  std::string text;
  for (const DescribedOption& option : command.options) {
    for (const std::string& name : option.names) {
      text += fmt::format(" \\\n        '*{}[{}]{}'", name, in_specification(option.text),
                          option.value.empty() ? "" : value_of(option));
    }
  }
  for (const DescribedOption& argument : command.arguments) {
    text += fmt::format(" \\\n        '*{}'", value_of(argument));
  }
  return text;
}

}  // namespace

std::string zsh_completion(const DescribedProgram& program) {
  std::string names, cases;
  for (const DescribedCommand& command : program.commands) {
    names += fmt::format("    '{}:{}'\n", command.name, in_specification(command.text));
    cases += fmt::format("    {})\n      _arguments{} ;;\n", command.name, specifications(command));
  }
  return fmt::format(R"(#compdef {0}
# zsh completion for {0}, made from its own --help.
_wattgrind_words_or_files() {{
  local result=1
  compadd -- "$@" && result=0
  _files && result=0
  return result
}}
_{0}() {{
  local -a commands
  commands=(
{1}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  shift words
  ((CURRENT--))
  case "${{words[1]}}" in
{2}  esac
}}
if [[ "${{funcstack[1]}}" == _{0} ]]; then
  _{0} "$@"
else
  compdef _{0} {0}
fi
)",
                     program.name, names, cases);
}

}  // namespace wattgrind
