// Everything that the program says on standard error is written here. It is escaped and of bounded
// length, and if standard error is closed or full, it is lost without harm.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace wattgrind {

// Prints "wattgrind: MESSAGE" in one line. A message longer than 500 bytes is cut in the middle.
void print_message(std::string_view message);

// Prints text that is no complaint, without "wattgrind: ". Line feeds within it stay.
void print_notice(std::string_view notice);

// Prints a question without a line feed, so that the answer stands on the same line.
void print_question(std::string_view question);

// The message as print_message() writes it, without "wattgrind: " and the line feed.
std::string message_line(std::string_view message);

// Writes as much of the text as the stream takes; the rest is lost.
void write_or_drop(std::FILE* stream, std::string_view text);

}  // namespace wattgrind
