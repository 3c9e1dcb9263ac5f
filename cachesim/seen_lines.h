// The lines referenced since the caches were empty: what tells compulsory misses from the rest.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace wattgrind {

class SeenLines {
 public:
  static constexpr uint32_t kLinesPerBlock = 16;

  // Marks the lines of one block (lines 16 * block + i for the bits i of `lanes`); returns those
  // not seen before.
  uint32_t mark(uint64_t block, uint32_t lanes) {
    uint16_t& seen = blocks(block / kBlocksPerPage)[block % kBlocksPerPage];
    const uint32_t fresh = lanes & ~uint32_t{seen};
    seen = static_cast<uint16_t>(seen | lanes);
    return fresh;
  }

  // True if the line was not seen before.
  bool mark_line(uint64_t line) {
    return mark(line / kLinesPerBlock, 1u << (line % kLinesPerBlock)) != 0;
  }

 private:
  static constexpr uint64_t kBlocksPerPage = 4096;
  struct Page {
    uint16_t blocks[kBlocksPerPage] = {};
  };

  uint16_t* blocks(uint64_t page) {
    if (page != last_page_ || last_blocks_ == nullptr) {
      last_page_ = page;
      last_blocks_ = pages_[page].blocks;  // nodes of an unordered_map stay where they are
    }
    return last_blocks_;
  }

  std::unordered_map<uint64_t, Page> pages_;
  uint64_t last_page_ = 0;
  uint16_t* last_blocks_ = nullptr;
};

}  // namespace wattgrind
