// What the caches of LRU hierarchies hold.
#pragma once

#include <cstdint>

namespace wattgrind {

// A line number shifted left by one, and whether the line is dirty in bit 0.
using LruEntry = uint32_t;
inline constexpr LruEntry kInvalidEntry = ~LruEntry{1};

// Lines must be below it.
inline constexpr uint64_t kLineLimit = kInvalidEntry >> 1;

// When a line was used last, by a cache's own clock; 0 is before everything.
using UseTime = uint32_t;

// One word: as two, compilers write it in halves and read it whole, which waits for both halves to
// reach the cache.
class TimedEntry {
 public:
  TimedEntry() : TimedEntry(kInvalidEntry, 0) {}
  TimedEntry(LruEntry entry, UseTime time) : word_(uint64_t{time} << 32 | entry) {}

  LruEntry entry() const { return static_cast<LruEntry>(word_); }
  UseTime time() const { return static_cast<UseTime>(word_ >> 32); }
  bool is_valid() const { return entry() != kInvalidEntry; }

 private:
  uint64_t word_;
};

}  // namespace wattgrind
