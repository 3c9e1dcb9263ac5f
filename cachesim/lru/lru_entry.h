// What LRU caches hold in a way, and the clock by which they tell which line was used last.
#pragma once

#include <cstdint>

namespace wattgrind {

// A line's number shifted left by one, with bit 0 set where the line is dirty.
using LruEntry = uint32_t;
inline constexpr LruEntry kInvalidEntry = ~LruEntry{1};

// All lines must be below this one, so that no entry of a line is the invalid one.
inline constexpr uint64_t kLineLimit = kInvalidEntry >> 1;

// The time at which a line was used last, by its cache's own clock; 0 is before everything.
using UseTime = uint32_t;

// An entry and the time of its last use. They are kept as one word, since compilers would write two
// in halves and read them whole, which waits for both halves to reach the cache.
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
