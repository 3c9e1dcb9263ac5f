#include "estimator/calibration/term.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr std::string_view kLevelPrefix = "level:";

// By TermKind, where a kind has one word for all its terms.
constexpr std::array<std::string_view, 7> kWords = {
    "operations", "DRAM", "", "time", "instructions", "MACs", "latency cost"};

std::string level_word(const std::string& level) {
  const bool is_taken = std::ranges::find(kWords, level) != kWords.end();
  if (!is_taken && !level.starts_with(kLevelPrefix)) return level;
  return std::string(kLevelPrefix) + level;
}

}  // namespace

Term level_term(const Machine& machine, size_t level) {
  CHECK(level < machine.levels.size(), "level {} of {}", level, machine.levels.size());
  return {TermKind::kLevel, level, machine.levels[level].name};
}

std::string name(const Term& term) {
  if (term.kind == TermKind::kLevel) return level_word(term.level_name);
  return std::string(kWords[static_cast<size_t>(term.kind)]);
}

bool is_multiple(const Term& term) {
  return term.kind == TermKind::kOperations || term.kind == TermKind::kDram ||
         term.kind == TermKind::kLevel || term.kind == TermKind::kInstructions;
}

std::optional<size_t> place_of(const Term& term, std::span<const Term> terms,
                               std::span<const size_t> features) {
  for (size_t i = 0; i < features.size(); ++i) {
    if (terms[features[i]] == term) return i;
  }
  return std::nullopt;
}

}  // namespace wattgrind
