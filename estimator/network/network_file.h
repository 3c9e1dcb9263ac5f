// Network files: JSON text, as configs/schemas/network.json describes it, to Network and back.
#pragma once

#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// Throws Error(kInput) naming `where` (the file's name) and the key, or the line of a syntax error.
Network read_network(std::string_view text, std::string_view where);

// Reading the text gives the same network. Padding is written as numbers, names always.
std::string write_network(const Network& network);

}  // namespace wattgrind
