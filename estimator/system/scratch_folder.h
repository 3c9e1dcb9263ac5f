// A scratch folder is removed at the end of its owner's life.
#pragma once

#include <filesystem>

namespace wattgrind {

// Made anew under TMPDIR, or /tmp where that is not set, readable by nobody else; removed with all
// it holds at the end of its life, an exception's way out included. It is locked as long as its
// owner lives, so that what a killed process left is known by its lock being free: making a folder
// removes those of the same user. Throws Error(kFailed) that names the folder where it cannot be
// made.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;  // of the folder, and its lock; -1 where the file system has no locks
};

// The folder in which temporary folders are made.
std::filesystem::path scratch_root();

}  // namespace wattgrind
