// Man pages, in the macros of man(7).
#pragma once

#include <string>

#include "cli/manual/described_command.h"

namespace wattgrind {

// wattgrind(1): the commands, exit statuses, the environment.
std::string program_man_page(const DescribedProgram& program);

// wattgrind-COMMAND(1): its arguments and options.
std::string command_man_page(const DescribedProgram& program, const DescribedCommand& command);

}  // namespace wattgrind
