#include "estimator/base/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace wattgrind {
namespace {

constexpr size_t kLongestWord = 64;  // the distance takes the product of both lengths

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string without_marks(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (c == '_' || c == '-') continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

}  // namespace

std::optional<std::string_view> same_spelling(std::string_view word,
                                              const std::vector<std::string_view>& candidates) {
  std::optional<std::string_view> only;
  size_t alike = 0;
  const std::string letters = without_marks(word);
  for (const std::string_view candidate : candidates) {
    if (candidate == word) return candidate;
    if (without_marks(candidate) != letters) continue;
    only = candidate;
    ++alike;
  }
  return alike == 1 ? only : std::nullopt;
}

std::vector<std::string_view> nearest_words(std::string_view word,
                                            const std::vector<std::string_view>& candidates) {
  constexpr size_t kMostWords = 3;
  if (word.size() > kLongestWord) return {};
  std::vector<std::pair<size_t, std::string_view>> near;
  for (const std::string_view candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance <= word.size() / 3 + 1) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.size() > kMostWords) near.resize(kMostWords);
  std::vector<std::string_view> words;
  for (const auto& [distance, candidate] : near) words.push_back(candidate);
  return words;
}

std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::vector<std::string_view> near = nearest_words(word, candidates);
  if (!near.empty()) return fmt::format("did you mean {}?", fmt::join(near, " or "));
  return fmt::format("known: {}", fmt::join(candidates, ", "));
}

}  // namespace wattgrind
