// Options that take one of a few words.
#pragma once

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace wattgrind {

// Adds an option that takes one of a few words. `value` must live as long as the command.
template <typename Value, typename Choice>
void add_choice(CLI::App& command, const std::string& name, Value& value, const std::string& help,
                const std::map<std::string, Choice>& choices) {
  std::vector<std::string> words;
  for (const auto& [word, choice] : choices) words.push_back(word);
  command
      .add_option_function<std::string>(
          name, [&value, choices](const std::string& word) { value = choices.at(word); }, help)
      ->check(CLI::IsMember(words).description(""))
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

}  // namespace wattgrind
