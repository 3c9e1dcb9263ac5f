// Suggestions tell what a mistyped word may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// Returns at most three candidates, nearest first, that are no further from the word than a third
// of its letters and one. The distance counts insertions, deletions and substitutions (Levenshtein
// 1966).
std::vector<std::string_view> nearest_words(std::string_view word,
                                            const std::vector<std::string_view>& candidates);

// Returns "did you mean a or b?" or, where no candidate is near, "known: a, b, c".
std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace wattgrind
