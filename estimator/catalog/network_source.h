// The catalog of networks: what NETWORK on the command line may be.
#pragma once

#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// Returns the built-in network of that name, which must be one of builtin_names("networks").
Network builtin_network(std::string_view name);

// `argument` is a built-in name, a file, which ends in ".json", or a short form, which holds a ":".
// Throws Error(kInput) for a name that is not known, with those near it, and whatever the readers
// throw.
Network find_network(const std::string& argument);

}  // namespace wattgrind
