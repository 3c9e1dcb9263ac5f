// Remembers the lines referenced since the caches were empty. A miss is compulsory if its line was
// not among them.
#pragma once

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

 private:
  LineTable seen_;  // a bit for each line, 32 of them in a number
};

}  // namespace wattgrind
