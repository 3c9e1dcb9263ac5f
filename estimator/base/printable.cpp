#include "estimator/base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace wattgrind {
namespace {

// A character of UTF-8, or one byte that is not part of any.
struct Character {
  uint32_t code = 0;
  size_t bytes = 1;
  bool valid = false;
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. `text` is not empty.
Character first_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {lead, 1, false};
  uint32_t code = lead & (0x7FU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {lead, 1, false};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kLeast[bytes] || surrogate || code > 0x10FFFF) return {lead, 1, false};
  return {code, bytes, true};
}

bool is_ascii_control(uint32_t code) { return code < 0x20 || code == 0x7F; }

// C1; ALM, LRM and RLM; line and paragraph separator; embeddings, overrides and isolates.
bool is_unseen(uint32_t code) {
  return (code >= 0x80 && code <= 0x9F) || code == 0x061C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

std::string escaped(const Character& character) {
  if (character.valid && is_unseen(character.code)) return fmt::format("\\u{:04x}", character.code);
  switch (character.code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\x{:02x}", character.code);
  }
}

}  // namespace

std::string printable(std::string_view text, LineFeeds line_feeds) {
  std::string result;
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool keep = character.code == '\n' && line_feeds == LineFeeds::kKeep;
    const bool harmless =
        character.valid && !is_ascii_control(character.code) && !is_unseen(character.code);
    result += harmless || keep ? std::string(text.substr(0, character.bytes)) : escaped(character);
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::string printable_json(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.valid && (is_unseen(character.code) || character.code == 0x7F)) {
      result += fmt::format("\\u{:04x}", character.code);
    } else {
      result += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return result;
}

std::string cut_in_the_middle(std::string_view text, size_t most_bytes) {
  constexpr std::string_view kEllipsis = "...";
  if (text.size() <= most_bytes) return std::string(text);
  const size_t kept = most_bytes - std::min(most_bytes, kEllipsis.size());
  const auto is_continuation = [&](size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
  };
  size_t head = kept / 2 + kept % 2;
  size_t tail = text.size() - kept / 2;
  while (head > 0 && is_continuation(head)) --head;
  while (tail < text.size() && is_continuation(tail)) ++tail;
  return fmt::format("{}{}{}", text.substr(0, head), kEllipsis, text.substr(tail));
}

}  // namespace wattgrind
