// The command that runs, as it could be typed again.
#pragma once

#include <string>

namespace wattgrind {

// To be called once, by main(), before anybody asks.
void remember_command_line(int argc, const char* const* argv);

// "wattgrind estimate lenet5 --machine xeon_x5650": the program by its name alone, and its words,
// those in quotes that a shell would take apart.
std::string command_line();

// A word as a shell takes it for one: 'a b', but plain.
std::string shell_word(const std::string& word);

}  // namespace wattgrind
