// What values of options are checked with, and how what is wrong with them is told.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <string>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {

// CLI11 reads -1 into an unsigned number as the largest there is.
inline CLI::Validator integer_of_at_least(int64_t least) {
  return CLI::Validator(
      [least](const std::string& text) {
        int64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, value);
        const bool fits = parsed.ec == std::errc{} && parsed.ptr == end && value >= least;
        return fits ? std::string{}
                    : fmt::format("found {}, wanted an integer of at least {}", text, least);
      },
      "");
}

inline CLI::Validator positive_integer() { return integer_of_at_least(1); }

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

// What `action` returns. Lower rooms do not know which option a value came from: to a mistake on
// the command line that they throw, the option is added.
template <typename Action>
auto with_option(std::string_view option, Action&& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUsage) throw;
    throw Error(error.kind(), fmt::format("{} {}", option, error.what()));
  }
}

}  // namespace wattgrind
