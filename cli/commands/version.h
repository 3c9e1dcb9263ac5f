// What --version says.
#pragma once

#include <string>

namespace wattgrind {

// "wattgrind 0.1.0 (LLVM 14.0.6, Valgrind 3.19.0)"; of a Valgrind that is not there "no Valgrind".
std::string version_text();

// "0.1.0": that of the program and its kernels.
std::string program_version();

}  // namespace wattgrind
