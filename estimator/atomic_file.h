// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace wattgrind {

enum class FileKind { kOrdinary, kExecutable };

// Writes a file under a temporary name beside `path` and renames it, over a file of that name.
// What is there and is no regular file (a pipe, /dev/null) is written to directly. Throws
// Error(kFailed) naming the path and the system's reason, and leaves nothing behind.
void write_file(const std::filesystem::path& path, std::string_view bytes,
                FileKind kind = FileKind::kOrdinary);

}  // namespace wattgrind
