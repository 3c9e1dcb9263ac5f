// Foreign text (a file's name, a network's, a line that was refused) made fit for a terminal, a log
// or a spreadsheet: what would move the cursor, change colours or reorder the line is escaped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wattgrind {

// Control characters (of ASCII, and C1 as bytes or as UTF-8), the line and paragraph separators,
// the marks that change the direction of writing, and bytes that are no UTF-8 are written as
// \n, \r, \t, \x1b or \u202e; all else stays.
enum class LineFeeds { kEscape, kKeep };
std::string printable(std::string_view text, LineFeeds line_feeds = LineFeeds::kEscape);

// The same for the text of a JSON document, which means the same after it: white space between
// values stays. Such characters stand within strings only, where \u009b is JSON's own escape.
std::string printable_json(std::string_view text);

// At most about `most_bytes`: of what is longer the beginning and the end, with "..." between them,
// no character of UTF-8 cut in two.
std::string cut_in_the_middle(std::string_view text, size_t most_bytes);

}  // namespace wattgrind
