// Files that appear whole or not at all.
#pragma once

#include <filesystem>
#include <string_view>

namespace wattgrind {

// A file that is written beside its place under another name and then renamed, so that a full disk
// or an interruption leaves what was there before. What is no regular file (/dev/stdout, a pipe) is
// written directly.
class OutputFile {
 public:
  // Creates the temporary file, so that a place that cannot be written is known before the work is
  // done. Throws Error(kFailed) naming the file and the system's reason.
  explicit OutputFile(const std::filesystem::path& path);
  // Removes the temporary file unless commit() has succeeded.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Writes the text and puts the file in its place; at most once. Throws Error(kFailed).
  void commit(std::string_view text);

 private:
  std::filesystem::path path_;       // as the user named it
  std::filesystem::path place_;      // with symbolic links followed
  std::filesystem::path temporary_;  // empty: `place_` is written directly
  int descriptor_ = -1;
};

}  // namespace wattgrind
