// What a word may have meant that is not quite one of those that are known.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// Returns the candidate that is the word itself, or else the only one that differs from it in
// underscores, dashes and the case of ASCII letters alone. Absent where there is none, and where
// two would do.
std::optional<std::string_view> same_spelling(std::string_view word,
                                              const std::vector<std::string_view>& candidates);

// Returns at most three candidates, nearest first, that are no further from the word than a third
// of its letters and one. The distance counts insertions, deletions and substitutions (Levenshtein
// 1966).
std::vector<std::string_view> nearest_words(std::string_view word,
                                            const std::vector<std::string_view>& candidates);

// Returns "did you mean a or b?" or, where no candidate is near, "known: a, b, c".
std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace wattgrind
