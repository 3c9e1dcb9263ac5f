// How many lines each buffer moves on by in a period of a loop.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "cachesim/lru/lru_entry.h"
#include "cachesim/program/line_owners.h"

namespace wattgrind {

class LineShifts {
 public:
  // By buffer; lines that belong to none of them stay. The owners must outlive the shifts.
  LineShifts(const LineOwners& owners, std::vector<int64_t> lines)
      : owners_(&owners), lines_(std::move(lines)) {}

  size_t buffers() const { return lines_.size(); }
  int64_t of_buffer(size_t buffer) const { return lines_[buffer]; }
  int64_t of_line(uint64_t line) const {
    const size_t owner = owners_->owner(line);
    return owner < lines_.size() ? lines_[owner] : 0;
  }

  LruEntry shifted(LruEntry entry, int64_t periods) const {
    if (entry == kInvalidEntry) return entry;
    return entry + static_cast<LruEntry>(2 * periods * of_line(entry >> 1));
  }

 private:
  const LineOwners* owners_;
  std::vector<int64_t> lines_;
};

}  // namespace wattgrind
