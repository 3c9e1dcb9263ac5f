// The words for an enumeration's values in network files.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "estimator/base/error.h"

namespace wattgrind {

template <typename Enum, size_t kCount>
struct WordTable {
  std::pair<Enum, std::string_view> words[kCount];

  std::string_view word(Enum value) const {
    for (const auto& [known, word] : words) {
      if (known == value) return word;
    }
    CHECK(false, "value {} has no word", static_cast<int>(value));
  }

  // The word has been checked by the schema.
  Enum read(const nlohmann::json& word) const {
    for (const auto& [known, known_word] : words) {
      if (word == known_word) return known;
    }
    CHECK(false, "{}: in the schema, not in the program", word.dump());
  }
};

}  // namespace wattgrind
