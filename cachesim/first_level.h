// The first level of LRU hierarchies: what it holds, and when each line is used last.
//
// A set's entries are in no order; beside each stands a time. The least recently used line is the
// one with the smallest time, and a use that is known to be repeated until later may be given the
// time of its last repetition at once (segment_walk.h), which an order could not tell.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "cachesim/lru_kernels.h"
#include "estimator/machine.h"

namespace wattgrind {

using UseTime = uint32_t;

struct TimedEntry {
  LruEntry entry = kInvalidEntry;
  UseTime time = 0;
};

struct TimedTouch {
  bool missed = false;
  bool dirtied = false;  // a line that was held, and clean
  TimedEntry displaced;  // on a miss
};

class FirstLevel {
 public:
  explicit FirstLevel(const CacheGeometry& geometry);

  uint32_t sets() const { return sets_; }
  LruShape shape() const { return shape_; }
  uint32_t set_index(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    return set_mask_ + 1 == sets_ ? number & set_mask_ : number % sets_;
  }

  // The entries of a set, and behind them, shape().padded_ways further, their times.
  LruEntry* set(uint32_t index) {
    return storage_[0].words + size_t{index} * 2 * shape_.padded_ways;
  }
  LruEntry* set_of(uint64_t line) { return set(set_index(line)); }

  // The time before the first of `ticks` uses to come. Every time given out is later than those
  // before.
  UseTime reserve(uint32_t ticks) {
    if (clock_ > kLatest - ticks) {
      forget_times();
    }
    const UseTime base = clock_;
    clock_ += ticks;
    return base;
  }

  // Uses the line, putting it in where it is not held; its entry is or-ed with `dirty`.
  TimedTouch touch(uint64_t line, uint32_t dirty);

  // False where the line is not held. Not a use.
  bool mark_dirty(uint64_t line);

  // Takes the line out, leaving an invalid entry; an invalid one with time 0 where it is not held.
  TimedEntry remove(uint64_t line);

  // Puts an entry into the set of `line`, which has an invalid one.
  void put_back(uint64_t line, TimedEntry entry);

  // Puts an entry in the place of another one of its set, which is held. Says nothing of times.
  void exchange(LruEntry held, LruEntry incoming);

  // Every set's entries, the most recently used first, sets one after the other.
  std::vector<LruEntry> entries() const;

  // Entries as entries() gave them, each line in the set it belongs to.
  void set_entries(const std::vector<LruEntry>& all);

 private:
  static constexpr UseTime kLatest = 1u << 31;
  static constexpr UseTime kPadding = ~UseTime{0};  // never the smallest
  struct alignas(64) Chunk {
    uint32_t words[16];
  };

  uint32_t* find(uint64_t line);
  void forget_times() { set_entries(entries()); }

  uint32_t sets_;
  uint32_t set_mask_;  // sets_ - 1 where that is a power of two
  LruShape shape_;
  UseTime clock_ = kMaxLruWays;
  std::vector<Chunk> storage_;  // [set][entries, times][way]
};

}  // namespace wattgrind
