// Network files are JSON text, as configs/schemas/network.json describes it. They are read into a
// Network and written from one. Blocks (network_blocks.h) are read, and written layer by layer.
#pragma once

#include <string>
#include <string_view>

#include "estimator/network/network.h"

namespace wattgrind {

// Throws Error(kInput) naming `where` (the file's name) and the key, or the line of a syntax error.
Network read_network(std::string_view text, std::string_view where);

// Writes a text from which the same network is read. Padding is written in numbers, and every layer
// with its name.
std::string write_network(const Network& network);

}  // namespace wattgrind
