// JSON text as people write it: it may have comments, and errors name the line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace wattgrind {

// Parses JSON; `//` and `/* */` comments are allowed, keys that occur twice in one object are not.
// Throws Error(kInput): "WHERE:LINE:COLUMN: ..." for a syntax error. `where` is the file's name.
nlohmann::json parse_json(std::string_view text, std::string_view where);
// Parses likewise, and keeps the keys in the order of the text.
nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view where);

// Writes JSON as people like to read it. An object or array is in one line where that fits into 140
// columns or where an object holds nothing but scalars; otherwise each member has a line, indented
// by two. The text ends in a line feed, and what is no UTF-8 is replaced. The function recurses as
// deep as values are nested, so it is only for values of our own making.
std::string layout_json(const nlohmann::ordered_json& value);

// Quotes a value for an error, short and in one line: `[0, 1]`, `"conv3d"`, `an object`.
std::string quote_json(const nlohmann::json& value);
std::string quote_ordered_json(const nlohmann::ordered_json& value);

}  // namespace wattgrind
