// The NETWORK argument of the command line.
#pragma once

#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// The built-in network; its name is one of builtin_names("networks").
Network builtin_network(std::string_view name);

// `argument` is a built-in name, a file (it ends in ".json") or a short form (it holds a ":").
// Throws Error(kInput) for a name that is not known, with those near it, and whatever the readers
// throw.
Network find_network(const std::string& argument);

}  // namespace wattgrind
