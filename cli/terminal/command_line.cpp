#include "cli/terminal/command_line.h"

#include <algorithm>
#include <cctype>

namespace wattgrind {
namespace {

std::string& remembered_command() {
  static std::string text;
  return text;
}

}  // namespace

std::string shell_word(const std::string& word) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_-./:,=+@%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

void remember_command_line(int argc, const char* const* argv) {
  std::string text = "wattgrind";
  for (int i = 1; i < argc; ++i) text += " " + shell_word(argv[i]);
  remembered_command() = text;
}

std::string command_line() { return remembered_command(); }

}  // namespace wattgrind
