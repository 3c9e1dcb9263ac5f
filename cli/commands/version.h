// What --version says.
#pragma once

#include <string>

namespace wattgrind {

// "wattgrind 0.1.0 (commit 9a6b68960a81, LLVM 19.1.7, Valgrind 3.19.0)", and in a second line the
// libraries it was built with; of a Valgrind that is not there "no Valgrind".
std::string version_text();

// "0.1.0": that of the program and its kernels.
std::string program_version();

// "9a6b68960a81", with "-dirty" behind it where the sources differed from it; empty where they were
// built outside of git.
std::string program_commit();

}  // namespace wattgrind
