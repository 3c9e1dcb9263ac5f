// Whose line is it? Maps lines to a program's buffers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cachesim/access_program.h"

namespace wattgrind {

class LineOwners {
 public:
  LineOwners(const std::vector<AccessBuffer>& buffers, uint32_t line_bytes);

  // The buffer with a byte in this line, the one at the lowest address if there are several;
  // buffers.size() if there is none.
  size_t owner(uint64_t line) const;

  struct Lines {
    uint64_t first = 0, last = 0;
  };
  // The lines a buffer has bytes in; absent where it has no bytes.
  std::optional<Lines> lines(size_t buffer) const;

  // True if no line holds bytes of two buffers.
  bool disjoint() const { return disjoint_; }

 private:
  struct Range {
    uint64_t first, last;  // lines
    size_t buffer;
  };
  std::vector<Range> ranges_;  // by address
  size_t nobody_;
  bool disjoint_ = true;
};

}  // namespace wattgrind
