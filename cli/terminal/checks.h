// What values of options are checked with, and how what is wrong with them is told. Every option
// that takes a number has one of these: its range stands in --help and in the error, and nothing
// that is no finite number passes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {

// From `least` to `most`, both included.
CLI::Validator integer_from(int64_t least, int64_t most);
CLI::Validator integer_of_at_least(int64_t least);
inline CLI::Validator positive_integer() { return integer_of_at_least(1); }

// Decimal, as "0.5" or "1e-3"; both ends included.
CLI::Validator number_from(double least, double most);

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
