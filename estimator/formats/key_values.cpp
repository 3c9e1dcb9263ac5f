#include "estimator/formats/key_values.h"

#include <algorithm>
#include <charconv>

#include "estimator/base/suggestion.h"
#include "estimator/formats/json_text.h"

namespace wattgrind {
namespace {

std::string quote(std::string_view text) { return quote_json(std::string(text)); }

}  // namespace

KeyValues::KeyValues(std::string_view text, const std::vector<std::string_view>& known)
    : text_(text) {
  const std::string_view list = text.substr(text.find(':') + 1);
  if (list.empty()) return;
  for (const std::string_view part : split(list, ',')) {
    const size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    if (equals == std::string_view::npos) reject("found {}, wanted KEY=VALUE", quote(part));
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      reject("unknown key {}; {}", quote(key), suggest(key, known));
    }
    if (!values_.emplace(key, part.substr(equals + 1)).second) reject("{}: occurs twice", key);
  }
}

std::optional<std::string_view> KeyValues::find(std::string_view key) const {
  const auto value = values_.find(key);
  if (value == values_.end()) return std::nullopt;
  return value->second;
}

std::string_view KeyValues::required(std::string_view key) const {
  const std::optional<std::string_view> value = find(key);
  if (!value) reject("{}: missing: add {}=NUMBER", key, key);
  return *value;
}

int64_t KeyValues::integer(std::string_view key) const {
  const std::string_view value = required(key);
  const std::optional<int64_t> number = parse_integer(value);
  if (!number) reject("{}: found {}, wanted an integer", key, quote(value));
  return *number;
}

std::string KeyValues::quoted() const {
  const std::string quoted = quote(text_);
  return quoted.size() == text_.size() + 2 ? std::string(text_) : quoted;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace wattgrind
