// A scratch folder is removed at the end of its owner's life.
#pragma once

#include <filesystem>

namespace wattgrind {

// The folder is made anew under TMPDIR, or under /tmp where that is not set, and nobody else can
// read it. It is removed with all that it holds, also when an exception ends its owner. Throws
// Error(kFailed) naming the folder where it cannot be made.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The folder in which temporary folders are made.
std::filesystem::path scratch_root();

}  // namespace wattgrind
