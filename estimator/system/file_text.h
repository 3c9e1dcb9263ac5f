// Reads files as text.
#pragma once

#include <filesystem>
#include <string>

namespace wattgrind {

// Returns the whole file. Throws Error(kInput) naming the file and the system's reason.
std::string read_file(const std::filesystem::path& path);

}  // namespace wattgrind
