#include "cli/manual/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

// Text as groff sets it to the letter: a hyphen that can be copied as one, no escapes, and no line
// that begins like a request.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (result.empty() && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else if (c == '\n') {
      result += ' ';
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", roff(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", roff(text)); }

std::string heading(const DescribedProgram& program, const std::string& page,
                    std::string_view text) {
  std::string title = page;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format(
      ".\\\" Made from the program's own --help.\n.TH \"{}\" 1 \"\" \"{} {}\" \"User Commands\"\n"
      ".SH NAME\n{} \\- {}\n",
      roff(title), program.name, program.version, roff(page), roff(text));
}

std::string entry(const DescribedOption& option) {
  std::string line;
  for (const std::string& name : option.names) line += (line.empty() ? "" : ", ") + bold(name);
  if (!option.value.empty()) line += (line.empty() ? "" : " ") + italic(option.value);
  std::string text = roff(option.text);
  if (!option.default_value.empty()) {
    text += fmt::format(" (default: {})", roff(option.default_value));
  }
  return fmt::format(".TP\n{}\n{}\n", line, text);
}

std::string entries(std::string_view title, const std::vector<DescribedOption>& options) {
  if (options.empty()) return {};
  std::string text = fmt::format(".SH {}\n", title);
  for (const DescribedOption& option : options) text += entry(option);
  return text;
}

struct ExitStatusText {
  ErrorKind kind;
  std::string_view text;
};
constexpr ExitStatusText kExitStatuses[] = {
    {ErrorKind::kFailed, "The run failed: a full disk, a process that was killed."},
    {ErrorKind::kUsage, "The command line is wrong."},
    {ErrorKind::kInput,
     "A network, machine, configuration or data file, or a name for one, is wrong."},
    {ErrorKind::kMissing, "Something is missing on this system; the message names the remedy."},
    {ErrorKind::kInterrupted, "It was interrupted."}};

std::string exit_statuses() {
  std::string text = ".SH EXIT STATUS\n.TP\n0\nDone.\n";
  for (const ExitStatusText& status : kExitStatuses) {
    text += fmt::format(".TP\n{}\n{}\n", static_cast<int>(status.kind), status.text);
  }
  return text;
}

}  // namespace

std::string program_man_page(const DescribedProgram& program) {
  std::string text = heading(program, program.name, program.text);
  text += fmt::format(".SH SYNOPSIS\n{} {} [{}]\n", bold(program.name), italic("COMMAND"),
                      italic("OPTIONS"));
  text += ".SH COMMANDS\n";
  for (const DescribedCommand& command : program.commands) {
    text += fmt::format(".TP\n{}\n{}\n", bold(fmt::format("{}-{}(1)", program.name, command.name)),
                        roff(command.text));
  }
  text += entries("OPTIONS", program.options) + exit_statuses();
  text +=
      ".SH ENVIRONMENT\n"
      ".TP\n\\fBNO_COLOR\\fR\nAny value but the empty one: no bold headers on a terminal.\n"
      ".TP\n\\fBTMPDIR\\fR\nWhere temporary folders are made (default: /tmp).\n"
      ".TP\n\\fBWATTGRIND_DATA\\fR\nWhere data sets are looked for before the cache folder.\n"
      ".TP\n\\fBWATTGRIND_PROGRESS\\fR\nWith the value \"lines\", progress is a line each time on "
      "standard error, for programs.\n"
      ".TP\n\\fBXDG_CACHE_HOME\\fR\nHolds data sets that were fetched (default: ~/.cache).\n";
  return text;
}

std::string command_man_page(const DescribedProgram& program, const DescribedCommand& command) {
  std::string text = heading(program, program.name + "-" + command.name, command.text);
  text += fmt::format(".SH SYNOPSIS\n{} [{}]", bold(program.name + " " + command.name),
                      italic("OPTIONS"));
  for (const DescribedOption& argument : command.arguments) {
    const std::string value = italic(argument.value);
    text += argument.required ? " " + value : fmt::format(" [{}]", value);
  }
  text += "\n" + entries("ARGUMENTS", command.arguments) + entries("OPTIONS", command.options);
  if (!command.footer.empty()) text += fmt::format(".SH NOTES\n{}\n", roff(command.footer));
  text += exit_statuses();
  return text + fmt::format(".SH SEE ALSO\n{}(1)\n", bold(program.name));
}

}  // namespace wattgrind
