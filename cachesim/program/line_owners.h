// Tells which of a program's buffers a line belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cachesim/program/access_program.h"

namespace wattgrind {

class LineOwners {
 public:
  LineOwners(const std::vector<AccessBuffer>& buffers, uint32_t line_bytes);

  // Returns the number of the buffer with a byte in this line: the one at the lowest address if
  // there are several, and buffers.size() if there is none.
  size_t owner(uint64_t line) const {
    const uint64_t block = line / kLinesPerBlock - first_block_;
    return block < blocks_.size() && blocks_[block] != kSeveral ? blocks_[block] : find(line);
  }

  struct Lines {
    uint64_t first = 0, last = 0;
  };
  // Returns the lines a buffer has bytes in, which are absent where it has no bytes.
  std::optional<Lines> lines(size_t buffer) const;

  // True if no line holds bytes of two buffers.
  bool disjoint() const { return disjoint_; }

 private:
  struct Range {
    uint64_t first, last;  // lines
    size_t buffer;
  };
  static constexpr uint64_t kLinesPerBlock = 64;
  static constexpr uint64_t kMostBlocks = 1u << 20;
  static constexpr uint32_t kSeveral = ~uint32_t{0};

  void fill_blocks();
  size_t find(uint64_t line) const;

  std::vector<Range> ranges_;  // by address
  size_t nobody_;
  bool disjoint_ = true;
  uint64_t first_block_ = 0;
  // By block of lines: the owner of all of them, or kSeveral where they have none in common. Empty
  // where there would be too many blocks.
  std::vector<uint32_t> blocks_;
};

}  // namespace wattgrind
