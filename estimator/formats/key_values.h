// Topologies and loads are told in short as "kind:key=value,key=value".
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "estimator/base/error.h"

namespace wattgrind {

// The keys and values after the colon. Errors start with the text, which must outlive the object.
class KeyValues {
 public:
  // Throws Error(kInput) for a key that is not among the known ones, or occurs twice.
  KeyValues(std::string_view text, const std::vector<std::string_view>& known);

  std::optional<std::string_view> find(std::string_view key) const;
  // These throw Error(kInput) when the key is missing or its value is no integer.
  std::string_view required(std::string_view key) const;
  int64_t integer(std::string_view key) const;

  // The text, in the form in which errors name it.
  std::string quoted() const;

  template <typename... Args>
  [[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::kInput, "{}: {}", quoted(), fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::string_view text_;
  std::map<std::string_view, std::string_view> values_;
};

// Reads the whole of `text` as an integer; absent when it is anything else.
std::optional<int64_t> parse_integer(std::string_view text);

// Splits a text at its separators. An empty text has one part, which is empty.
std::vector<std::string_view> split(std::string_view text, char separator);

}  // namespace wattgrind
