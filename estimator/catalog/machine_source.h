// The MACHINE argument of the command line.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/machine.h"

namespace wattgrind {

// The built-in profile; its name is one of builtin_names("machines").
Machine builtin_machine(std::string_view name);

// `argument` is "host", a built-in name, or a file (it ends in ".json" or holds a "/"). Throws
// Error(kInput) for a name that is not known, with those near it, and whatever the readers throw.
// `root` is where the system's files are found for "host": "/" but in tests.
Machine find_machine(const std::string& argument, const std::filesystem::path& root = "/");

}  // namespace wattgrind
