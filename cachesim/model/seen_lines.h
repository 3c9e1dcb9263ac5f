// A set of lines. Of those referenced since the caches were empty it tells whether a miss is
// compulsory: its line was not among them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "cachesim/model/line_table.h"

namespace wattgrind {

class SeenLines {
 public:
  // Marks the line; returns whether it was not marked before.
  bool mark(uint64_t line) {
    seen_.cover(line / 32);
    uint32_t& lines = seen_[line / 32];
    const uint32_t bit = uint32_t{1} << line % 32;
    const bool is_new = (lines & bit) == 0;
    lines |= bit;
    return is_new;
  }

  // Marks `count` lines that follow each other; returns how many were not marked before.
  uint32_t mark_all(uint64_t line, uint32_t count) {
    uint32_t new_lines = 0;
    while (count > 0) {
      const auto first = static_cast<uint32_t>(line % 32);
      const uint32_t here = std::min(count, 32 - first);
      seen_.cover(line / 32);
      uint32_t& lines = seen_[line / 32];
      const auto bits = static_cast<uint32_t>(((uint64_t{1} << here) - 1) << first);
      new_lines += static_cast<uint32_t>(std::popcount(bits & ~lines));
      lines |= bits;
      line += here;
      count -= here;
    }
    return new_lines;
  }

  bool has(uint64_t line) const {
    return seen_.covers(line / 32) && (seen_[line / 32] >> line % 32 & 1) != 0;
  }

  // The line must have been marked.
  void forget(uint64_t line) { seen_[line / 32] &= ~(uint32_t{1} << line % 32); }

 private:
  LineTable seen_;  // a bit for each line, 32 of them in a number
};

}  // namespace wattgrind
