// What values of options are checked with. Every option that takes a number has one of these: its
// range stands in --help and in the error, and nothing that is no finite number passes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace wattgrind {

// From `least` to `most`, both included.
CLI::Validator integer_from(int64_t least, int64_t most);
CLI::Validator integer_of_at_least(int64_t least);
inline CLI::Validator positive_integer() { return integer_of_at_least(1); }

// Decimal, as "0.5" or "1e-3"; both ends included.
CLI::Validator number_from(double least, double most);

}  // namespace wattgrind
