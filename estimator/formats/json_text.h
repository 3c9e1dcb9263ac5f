// JSON text as people write it: it may have comments, and errors name the line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace wattgrind {

// Parses JSON, the one reader of all that comes from outside. `//` and `/* */` comments are
// allowed; keys that occur twice in one object, numbers no double can hold, objects and arrays
// nested deeper than 100 and more than 120,000 of them are not, so that what takes the value may
// recurse and ends soon. Throws Error(kInput):
// "WHERE:LINE:COLUMN: ..." for a syntax error. `where` is the file's name.
nlohmann::json parse_json(std::string_view text, std::string_view where);
// Parses likewise, and keeps the keys in the order of the text.
nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view where);

// JSON as people like to read it: an object or array in one line where that fits into 140 columns
// or an object holds nothing but scalars, otherwise a member a line, indented by two. Ends in a
// line feed. What is no UTF-8 is replaced, and controls that JSON would let stand (DEL, C1, marks
// that change the direction of writing) are escaped.
std::string layout_json(const nlohmann::ordered_json& value);

// The same without spaces, in one line and without its end: for programs.
std::string compact_json(const nlohmann::ordered_json& value);

// A value as errors quote it, short and in one line: `[0, 1]`, `"conv3d"`, `an object`.
std::string quote_json(const nlohmann::json& value);
std::string quote_ordered_json(const nlohmann::ordered_json& value);

}  // namespace wattgrind
