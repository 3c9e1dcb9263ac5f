// The program with all of its commands.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace wattgrind {

std::unique_ptr<CLI::App> make_program();

}  // namespace wattgrind
