// Pages that are written first and executed afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace wattgrind {

class ExecutableMemory {
 public:
  // At least one byte, writable. Throws Error(kFailed) when there is no memory.
  explicit ExecutableMemory(size_t bytes);
  ~ExecutableMemory();
  ExecutableMemory(const ExecutableMemory&) = delete;
  ExecutableMemory& operator=(const ExecutableMemory&) = delete;

  uint8_t* begin() const { return begin_; }
  size_t size() const { return bytes_; }

  // Puts code at an offset; only before make_executable().
  void write(size_t offset, std::span<const uint8_t> code);

  // Throws Error(kFailed) when the system refuses it.
  void make_executable();

 private:
  uint8_t* begin_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace wattgrind
