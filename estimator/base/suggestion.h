// What a mistyped word may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

// The candidates at most a third of the word's letters (and one) away from it, nearest first, at
// most three. Distance: insertions, deletions, substitutions (Levenshtein 1966).
std::vector<std::string_view> nearest_words(std::string_view word,
                                            const std::vector<std::string_view>& candidates);

// "did you mean a or b?", or, where nothing is near, "known: a, b, c".
std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace wattgrind
