// Files mapped into memory, to be read where they lie.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace wattgrind {

class MappedFile {
 public:
  // Throws Error(kInput) naming the file and the system's reason, or what it is where it is no
  // regular file.
  explicit MappedFile(const std::filesystem::path& path);

  // Valid as long as the object lives, and unless the file is cut off meanwhile.
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  struct Unmap {
    size_t size;
    void operator()(const std::byte* bytes) const;
  };
  std::unique_ptr<const std::byte, Unmap> pages_;
  std::span<const std::byte> bytes_;
};

}  // namespace wattgrind
