// Reads files as text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace wattgrind {

// Above any text that is meant to be read (the largest weights known, VGG-19's, are 575 MB).
constexpr uint64_t kMostFileBytes = uint64_t{1} << 30;
// Above any description of a network, a machine or a search, in JSON.
constexpr uint64_t kMostDescriptionBytes = uint64_t{8} << 20;

// The whole file. Throws Error(kInput) naming the file and the system's reason, or what it is where
// it is neither a regular file nor the pipe of a process beside us (`<(command)`, /dev/stdin): a
// folder, a device, a named pipe that nobody may ever write to. Nothing is waited for to find that
// out, and no more than `most_bytes` are read before a file that is longer is refused.
std::string read_file(const std::filesystem::path& path, uint64_t most_bytes = kMostFileBytes);

// What stands at the end of a path, in words: "a folder", "a named pipe", "a file of the kernel".
// Empty for an ordinary file, and where there is nothing that can be looked at.
std::string special_kind(const std::filesystem::path& path);

}  // namespace wattgrind
