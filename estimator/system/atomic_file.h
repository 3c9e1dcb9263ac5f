// An atomic file appears whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace wattgrind {

enum class FileKind { kOrdinary, kExecutable };

// A file written under a temporary name beside its place ("NAME.PROCESS.tmp", locked while it is
// written) and renamed, over a file of that name (whose permissions it takes over) and behind
// symbolic links. What a killed process left of a file of the same name is removed first. A pipe
// that somebody reads, a terminal and /dev/null are written to directly; any other device, a socket
// and a folder are refused.
class AtomicFile {
 public:
  // Creates the temporary file, so that a place that cannot be written to is known before the work
  // is done. Throws Error(kFailed) naming the path and the system's reason.
  explicit AtomicFile(const std::filesystem::path& path, FileKind kind = FileKind::kOrdinary);
  // Removes the temporary file unless commit() has succeeded.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Writes the bytes and puts the file in its place. May be called once. Throws Error(kFailed).
  void commit(std::string_view bytes);

 private:
  std::filesystem::path path_;       // as the caller gave it
  std::filesystem::path place_;      // where symbolic links lead
  std::filesystem::path temporary_;  // empty: `place_` is written to directly
  int descriptor_ = -1;
};

// Writes a file whose whole content is at hand.
void write_file(const std::filesystem::path& path, std::string_view bytes,
                FileKind kind = FileKind::kOrdinary);

}  // namespace wattgrind
