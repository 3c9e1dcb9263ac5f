// The first level of LRU hierarchies: what it holds, and when each line is used last.
//
// A set's entries are in no order; beside each stands a time, different from all others of the set.
// The least recently used line is the one with the smallest time, and a use that is known to be
// repeated until later may be given the time of its last repetition at once (segment.h), which an
// order could not tell.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "cachesim/lru/lru_entry.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

struct TimedTouch {
  bool missed = false;
  bool dirtied = false;  // a line that was held, and clean
  TimedEntry displaced;  // on a miss
};

class FirstLevel {
 public:
  static constexpr uint32_t kMaxWays = 64;

  explicit FirstLevel(const CacheGeometry& geometry);

  uint32_t sets() const { return sets_; }
  uint32_t ways() const { return ways_; }
  uint32_t padded_ways() const { return padded_ways_; }  // 8, or a multiple of 16
  uint32_t set_index(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    return set_mask_ + 1 == sets_ ? number & set_mask_ : number % sets_;
  }

  // Where a set's entries are, in words from the first set's on, and their times behind them. Sets
  // of eight lie in pairs: the entries of both, then the times of both.
  static constexpr size_t set_offset(uint32_t index, uint32_t padded_ways) {
    return padded_ways == 8 ? size_t{index / 2} * 32 + index % 2 * 8
                            : size_t{index} * 2 * padded_ways;
  }
  static constexpr size_t times_distance(uint32_t padded_ways) {
    return padded_ways == 8 ? 16 : padded_ways;
  }
  LruEntry* set(uint32_t index) { return storage_[0].words + set_offset(index, padded_ways_); }

  // The time before the first of `ticks` uses to come, at most kMostTicks. Every time given out is
  // later than those before.
  static constexpr uint32_t kMostTicks = 1u << 30;
  UseTime reserve(uint32_t ticks) {
    if (clock_ > kLatest - ticks) {
      set_entries(entries());
    }
    const UseTime base = clock_;
    clock_ += ticks;
    return base;
  }

  // Makes the line used until `time` at least, putting it in where it is not held; its entry is
  // or-ed with `dirty`.
  TimedTouch touch(uint64_t line, uint32_t dirty, UseTime time);

  // Makes the line, if it is held, used last at this time, which may be earlier than it was said to
  // be.
  void set_time(uint64_t line, UseTime time);

  // False where the line is not held. Not a use.
  bool mark_dirty(uint64_t line);

  // Takes the line out, leaving an invalid entry; an invalid one where it is not held.
  TimedEntry remove(uint64_t line);

  // Puts an entry into the set of `line`, which has an invalid one.
  void put_back(uint64_t line, TimedEntry entry);

  // Puts an entry in the place of another one of its set, which is held. Says nothing of times.
  void exchange(LruEntry held, LruEntry incoming);

  // Every set's entries, the most recently used first, sets one after the other.
  std::vector<LruEntry> entries() const;

  // How many of each set's entries were used after this time.
  std::vector<uint32_t> used_since(UseTime time) const;

  // The time of what was used last; it falls when times are numbered anew.
  UseTime clock() const { return clock_; }

  // Entries as entries() gave them, each line in the set it belongs to.
  void set_entries(const std::vector<LruEntry>& all);

 private:
  static constexpr UseTime kLatest = 1u << 31;
  static constexpr UseTime kPadding = ~UseTime{0};  // never the smallest
  struct alignas(64) Chunk {
    uint32_t words[16];
  };

  LruEntry* set_of(uint64_t line) { return set(set_index(line)); }
  UseTime& time_of(LruEntry* entry) { return entry[times_distance(padded_ways_)]; }
  // The line's entry; null where it is not held.
  LruEntry* find(uint64_t line);

  uint32_t sets_;
  uint32_t set_mask_;  // sets_ - 1 where that is a power of two
  uint32_t ways_;
  uint32_t padded_ways_;
  UseTime clock_ = kMaxWays;  // times of invalid entries are smaller
  std::vector<Chunk> storage_;
};

}  // namespace wattgrind
