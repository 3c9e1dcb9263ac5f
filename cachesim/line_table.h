// A number for each line, 0 until it is set. Memory only for lines in use and their
// neighbourhood.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace wattgrind {

class LineTable {
 public:
  // The table has these lines from now on.
  void cover(uint64_t first, uint64_t last) {
    if (last / kLinesPerPage >= pages_.size()) {
      pages_.resize(last / kLinesPerPage + 1);
    }
    for (uint64_t page = first / kLinesPerPage; page <= last / kLinesPerPage; ++page) {
      if (pages_[page] == nullptr) {
        pages_[page] = std::make_unique<uint32_t[]>(kLinesPerPage);
      }
    }
  }

  // Of a line that is covered.
  uint32_t& operator[](uint64_t line) { return pages_[line / kLinesPerPage][line % kLinesPerPage]; }

  // Of any line, which is covered then.
  uint32_t& at(uint64_t line) {
    const uint64_t page = line / kLinesPerPage;
    if (__builtin_expect(page >= pages_.size() || pages_[page] == nullptr, 0)) {
      cover(line, line);
    }
    return (*this)[line];
  }

 private:
  static constexpr uint64_t kLinesPerPage = 1u << 15;

  std::vector<std::unique_ptr<uint32_t[]>> pages_;
};

}  // namespace wattgrind
