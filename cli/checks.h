// What values of options are checked with.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <string>

namespace wattgrind {

// An integer of at least 1.
inline CLI::Validator positive_integer() {
  return CLI::Validator(
      [](const std::string& text) {
        int64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, value);
        const bool is_positive = parsed.ec == std::errc{} && parsed.ptr == end && value > 0;
        return is_positive ? std::string{}
                           : fmt::format("found {}, wanted an integer of at least 1", text);
      },
      "");
}

// A number greater than 0.
inline CLI::Validator positive_number() {
  return CLI::Validator(
      [](const std::string& text) {
        double value = 0;
        return CLI::detail::lexical_cast(text, value) && value > 0
                   ? std::string{}
                   : fmt::format("found {}, wanted a number greater than 0", text);
      },
      "");
}

}  // namespace wattgrind
