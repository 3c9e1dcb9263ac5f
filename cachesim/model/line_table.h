// A table of a number for each line, which is 0 until it is set. The table spans all lines up to
// the last one covered, but takes memory only for those of its pages that are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace wattgrind {

class LineTable {
 public:
  LineTable() = default;
  LineTable(LineTable&& other) noexcept
      : numbers_(std::exchange(other.numbers_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  LineTable& operator=(LineTable&& other) noexcept {
    std::swap(numbers_, other.numbers_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~LineTable();

  // The table has all lines up to this one from now on. Throws std::bad_alloc.
  void cover(uint64_t last) {
    if (last >= size_) {
      grow(last + 1);
    }
  }

  bool covers(uint64_t line) const { return line < size_; }

  uint32_t* data() { return numbers_; }

  // The line must be covered.
  uint32_t& operator[](uint64_t line) { return numbers_[line]; }
  uint32_t operator[](uint64_t line) const { return numbers_[line]; }

 private:
  void grow(size_t lines);

  uint32_t* numbers_ = nullptr;
  size_t size_ = 0;
};

}  // namespace wattgrind
