#include "estimator/formats/json_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "estimator/base/error.h"
#include "estimator/base/printable.h"

namespace wattgrind {
namespace {

using nlohmann::json;

constexpr size_t kLongestQuote = 60;

// What reads, copies, prints and compares JSON recurses as deep as it is nested; no format of ours
// comes near this.
constexpr int kDeepestNesting = 100;

// As many as a network of the most layers has. The library's parser looks through an array again at
// the end of each object in it, so that its time grows by the square of their number.
constexpr size_t kMostContainers = 120'000;

std::string shorten(std::string text) {
  if (text.size() <= kLongestQuote) return text;
  size_t end = kLongestQuote;
  // The text is not cut inside a UTF-8 sequence, whose continuation bytes are 10xxxxxx.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

template <typename Json>
std::string dump(const Json& value) {
  return printable_json(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

template <typename Json>
std::string quote(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) {
    // Of a nested or long array only the size is told, so that quoting does not recurse.
    const bool flat = std::none_of(value.begin(), value.end(),
                                   [](const Json& item) { return item.is_structured(); });
    if (!flat || value.size() > 8) {
      return fmt::format("an array of {} item{}", value.size(), value.size() == 1 ? "" : "s");
    }
    std::string text;
    for (const Json& item : value) text += (text.empty() ? "" : ", ") + quote(item);
    return shorten("[" + text + "]");
  }
  return shorten(dump(value));
}

// Writes a value on one line, with a space after each comma and colon.
std::string dump_line(const nlohmann::ordered_json& value) {
  if (!value.is_structured()) return dump(value);
  std::string line;
  for (const auto& [key, member] : value.items()) {
    if (!line.empty()) line += ", ";
    if (value.is_object()) line += dump(nlohmann::ordered_json(key)) + ": ";
    line += dump_line(member);
  }
  return value.is_object() ? "{" + line + "}" : "[" + line + "]";
}

// `column` is where the value starts, and `after` is how much follows it on its last line.
std::string lay_out(const nlohmann::ordered_json& value, size_t indent, size_t column,
                    size_t after) {
  constexpr size_t kColumns = 140;
  const std::string line = dump_line(value);
  const bool of_scalars = std::none_of(value.begin(), value.end(),
                                       [](const auto& member) { return member.is_structured(); });
  if ((of_scalars && !value.is_array()) || column + line.size() + after <= kColumns) return line;
  const std::string margin(indent + 2, ' ');
  std::string text;
  for (const auto& [key, member] : value.items()) {
    std::string start = margin;
    if (value.is_object()) start += dump(nlohmann::ordered_json(key)) + ": ";
    text += (text.empty() ? "" : ",\n") + start + lay_out(member, indent + 2, start.size(), 1);
  }
  const std::string_view brackets = value.is_object() ? "{}" : "[]";
  return fmt::format("{}\n{}\n{}{}", brackets[0], text, std::string(indent, ' '), brackets[1]);
}

// "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while ..." is
// the library's message; its brackets do not help who wrote the file.
[[noreturn]] void fail_syntax(const json::parse_error& error, std::string_view text,
                              std::string_view where) {
  const size_t end = std::min(error.byte == 0 ? 0 : error.byte - 1, text.size());
  const std::string_view before = text.substr(0, end);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::string message = error.what();
  constexpr std::string_view kStart = "syntax error";
  const size_t start = message.find(kStart);
  std::string what = start == std::string::npos ? std::string(kStart) : message.substr(start);
  // The text of the token last read may be as long as the file.
  constexpr size_t kLongestMessage = 200;
  if (what.size() > kLongestMessage) what = what.substr(0, what.find("; last read")) + " in JSON";
  fail(ErrorKind::kInput, "{}:{}:{}: {}", where, line, end - line_start + 1, what);
}

// Brackets in strings and comments are counted too: no text of ours comes near so many.
void refuse_many_containers(std::string_view text, std::string_view where) {
  const auto opening =
      std::ranges::count_if(text, [](char letter) { return letter == '{' || letter == '['; });
  if (static_cast<size_t>(opening) <= kMostContainers) return;
  fail(ErrorKind::kInput, "{}: found more than {} objects and arrays, wanted at most so", where,
       kMostContainers);
}

template <typename Json>
Json parse(std::string_view text, std::string_view where) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  using Event = typename Json::parse_event_t;
  size_t containers = 0;
  const typename Json::parser_callback_t check = [&](int depth, Event event, Json& parsed) {
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= kDeepestNesting) {
        fail(ErrorKind::kInput,
             "{}: found objects and arrays nested deeper than {}, wanted at most so", where,
             kDeepestNesting);
      }
      // Few enough to have cost nothing yet, and more than can be one in the other.
      if (++containers == 10 * kDeepestNesting) refuse_many_containers(text, where);
    }
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key &&
        !keys.back().insert(parsed.template get_ref<const std::string&>()).second) {
      fail(ErrorKind::kInput, "{}: key {} occurs twice in one object", where, quote_json(parsed));
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check, true, true);
  } catch (const json::parse_error& error) {
    fail_syntax(error, text, where);
  } catch (const json::out_of_range& error) {
    fail(ErrorKind::kInput, "{}: a number in it is too large for a double", where);
  }
}

}  // namespace

json parse_json(std::string_view text, std::string_view where) { return parse<json>(text, where); }

nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view where) {
  return parse<nlohmann::ordered_json>(text, where);
}

std::string layout_json(const nlohmann::ordered_json& value) {
  return lay_out(value, 0, 0, 0) + "\n";
}

std::string compact_json(const nlohmann::ordered_json& value) { return dump(value); }

std::string quote_json(const json& value) { return quote(value); }
std::string quote_ordered_json(const nlohmann::ordered_json& value) { return quote(value); }

}  // namespace wattgrind
