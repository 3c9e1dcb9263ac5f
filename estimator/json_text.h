// JSON as people write it: with comments, and with errors that name the line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace wattgrind {

// Parses JSON; `//` and `/* */` comments are allowed, keys that occur twice in one object are not.
// Throws Error(kInput): "WHERE:LINE:COLUMN: ..." for a syntax error. `where` is the file's name.
nlohmann::json parse_json(std::string_view text, std::string_view where);

// A value as errors quote it, short and in one line: `[0, 1]`, `"conv3d"`, `an object`.
std::string quote_json(const nlohmann::json& value);

}  // namespace wattgrind
