#include "cli/commands/console.h"

#include <unistd.h>

#include <iostream>

#include "cli/terminal/message.h"

namespace wattgrind {

void Console::tell(const std::string& message) { print_notice(message); }

std::optional<std::string> Console::ask(const std::string& question) {
  // Nobody's Enter ends the line of a question that a pipe answers.
  if (isatty(STDIN_FILENO) != 0) {
    print_question(question);
  } else {
    print_notice(question);
  }
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

}  // namespace wattgrind
