// The catalog of machines: what MACHINE on the command line may be.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "estimator/machine/machine.h"

namespace wattgrind {

// Returns the built-in profile of that name, which must be one of builtin_names("machines").
Machine builtin_machine(std::string_view name);

// `argument` is "host", a built-in name, or a file, which ends in ".json" or holds a "/". Names are
// found by their spelling (same_spelling): "RaspberryPi4" is raspberry_pi_4. Throws Error(kInput)
// for a name that is not known, with those near it, and whatever the readers throw. For "host" the
// files of the system are read below `root`, which is "/" except in tests.
Machine find_machine(const std::string& argument, const std::filesystem::path& root = "/");

}  // namespace wattgrind
