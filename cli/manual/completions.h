// What shells complete of the program's command line: commands, options, the words that a value may
// be, and files where one may be a file.
#pragma once

#include <string>

#include "cli/manual/described_command.h"

namespace wattgrind {

// For bash-completion's folder, and for `source`.
std::string bash_completion(const DescribedProgram& program);
// For a folder of $fpath, as _wattgrind.
std::string zsh_completion(const DescribedProgram& program);
// For fish's vendor_completions.d.
std::string fish_completion(const DescribedProgram& program);

}  // namespace wattgrind
