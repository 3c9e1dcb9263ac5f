#include "cli/terminal/checks.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace wattgrind {
namespace {

// Reads the whole text as a number. CLI11's own reading will not do: it takes -1 for the largest
// unsigned number there is, "nan" for a number, and a NaN to be within any range.
template <typename Number>
std::optional<Number> read(const std::string& text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || parsed != end) return std::nullopt;
  return value;
}

// Makes a check that names its range by `words` in the error and by `brief` in --help.
template <typename Number>
CLI::Validator within_range(Number least, Number most, std::string words, std::string brief) {
  return CLI::Validator(
      [=](const std::string& text) {
        const std::optional<Number> value = read<Number>(text);
        // A NaN fails both comparisons.
        const bool fits = value && *value >= least && *value <= most;
        return fits ? std::string{} : fmt::format("found {}, wanted {}", text, words);
      },
      std::move(brief));
}

}  // namespace

CLI::Validator integer_from(int64_t least, int64_t most) {
  return within_range(least, most, fmt::format("an integer from {} to {}", least, most),
                      fmt::format("{}..{}", least, most));
}

CLI::Validator integer_of_at_least(int64_t least) {
  return within_range(least, INT64_MAX, fmt::format("an integer of at least {}", least),
                      fmt::format(">={}", least));
}

CLI::Validator number_from(double least, double most) {
  return within_range(least, most, fmt::format("a number from {} to {}", least, most),
                      fmt::format("{}..{}", least, most));
}

}  // namespace wattgrind
