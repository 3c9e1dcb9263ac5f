#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/manual/completions.h"

namespace wattgrind {
namespace {

std::string names_of(const std::vector<DescribedOption>& options) {
  std::string names;
  for (const DescribedOption& option : options) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", fmt::join(option.names, " "));
  }
  return names;
}

// The lines of a case that answer what may stand where this value is wanted.
std::string value_case(const std::string& pattern, const DescribedOption& option) {
  return fmt::format("    {}) words='{}'; files={} ;;\n", pattern, fmt::join(option.words, " "),
                     option.takes_files ? 1 : 0);
}

}  // namespace

// Behind an option that takes a value come the value's words; elsewhere the options or, where the
// word does not begin with "-", what the command's argument may be.
std::string bash_completion(const DescribedProgram& program) {
  std::string commands, values, options, arguments;
  for (const DescribedCommand& command : program.commands) {
    commands += (commands.empty() ? "" : " ") + command.name;
    options += fmt::format("    {}) words='{}' ;;\n", command.name, names_of(command.options));
    for (const DescribedOption& option : command.options) {
      if (option.value.empty()) continue;
      std::string pattern;
      for (const std::string& name : option.names) {
        pattern += fmt::format("{}{}:{}", pattern.empty() ? "" : "|", command.name, name);
      }
      values += value_case(pattern, option);
    }
    if (!command.arguments.empty()) arguments += value_case(command.name, command.arguments[0]);
  }
  return fmt::format(R"(# bash completion for {0}, made from its own --help.
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command=${{COMP_WORDS[1]}} words='' files=0
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words='{1} {2}'
  else
    case "$command:$previous" in
{3}    *)
      case "$current" in
        -*)
          case "$command" in
{4}          esac ;;
        *)
          case "$command" in
{5}          esac ;;
      esac ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if ((files)); then
    local found
    mapfile -t found < <(compgen -f -- "$current")
    COMPREPLY+=("${{found[@]}}")
    compopt -o filenames 2>/dev/null
  fi
}}
complete -F _{0} {0}
)",
                     program.name, commands, names_of(program.options), values, options, arguments);
}

}  // namespace wattgrind
