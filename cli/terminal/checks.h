// Checks of options' values, and the way in which a user is told what is wrong with one. Every
// option that takes a number has one of these checks. Its range stands in --help and in the error,
// and nothing passes that is no finite number.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {

// These take integers from `least` to `most`, both included.
CLI::Validator integer_from(int64_t least, int64_t most);
CLI::Validator integer_of_at_least(int64_t least);
inline CLI::Validator positive_integer() { return integer_of_at_least(1); }

// This takes decimal numbers, as "0.5" or "1e-3", from `least` to `most`, both included.
CLI::Validator number_from(double least, double most);

// Returns what `action` returns. Lower rooms do not know which option a value came from, so when
// they throw Error(kUsage), a mistake on the command line, the option's name is put before it.
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
