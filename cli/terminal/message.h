// What the program says on standard error, in the one place that says it: escaped, of bounded
// length, and without harm where nobody can be told (standard error is closed, or full).
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace wattgrind {

// "wattgrind: MESSAGE" in one line; what is longer than 500 bytes is cut in the middle.
void print_message(std::string_view message);

// A line that is no complaint, as it is; line feeds within it stay.
void print_notice(std::string_view notice);

// A question, whose answer stands on the same line.
void print_question(std::string_view question);

// The message as print_message() writes it, without its beginning and end.
std::string message_line(std::string_view message);

// Writes what it can.
void write_or_drop(std::FILE* stream, std::string_view text);

}  // namespace wattgrind
