// The first level of an LRU hierarchy: the lines it holds, and the time each of them is used last.
//
// A set's entries are in no order. Beside each stands the time of its last use, different from all
// others of the set, and the least recently used line is the one with the smallest time:
//
//     ways      line a     line c     invalid     line b
//     times       17         12          2          40        c is the next to be displaced,
//                                                             once no invalid entry is left
//
// A use that is known to be repeated may be given the time of its last repetition at once, which
// may be still to come (walk/segment.h); a list in the order of use could not tell that.
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
  bool dirtied = false;  // the line was held clean, and is dirty now
  TimedEntry displaced;  // what a miss displaced; invalid where a way was free
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

  // A set's entries begin so many words behind those of the first set, and their times so many
  // words behind the entries. Sets of eight ways lie in pairs: the entries of both, then the times
  // of both.
  static constexpr size_t set_offset(uint32_t index, uint32_t padded_ways) {
    return padded_ways == 8 ? size_t{index / 2} * 32 + index % 2 * 8
                            : size_t{index} * 2 * padded_ways;
  }
  static constexpr size_t times_distance(uint32_t padded_ways) {
    return padded_ways == 8 ? 16 : padded_ways;
  }
  LruEntry* set(uint32_t index) { return storage_[0].words + set_offset(index, padded_ways_); }

  // Gives out times for `ticks` uses to come, at most kMostTicks, and returns the time before the
  // first of them. Every time given out is later than those before. When the clock runs out, the
  // times of all entries are numbered anew.
  static constexpr uint32_t kMostTicks = 1u << 30;
  UseTime reserve(uint32_t ticks) {
    if (clock_ > kLatest - ticks) {
      set_entries(entries());
    }
    const UseTime base = clock_;
    clock_ += ticks;
    return base;
  }

  // Uses the line at `time`, putting it in where it is not held; its entry is or-ed with `dirty`. A
  // line that is held with a later time keeps that.
  TimedTouch touch(uint64_t line, uint32_t dirty, UseTime time);

  // Corrects the time of the line's last use, if it is held, to this one, which may be earlier.
  void set_time(uint64_t line, UseTime time);

  // Returns false where the line is not held. This does not count as a use.
  bool mark_dirty(uint64_t line);

  // Takes the line out and returns its entry, which is invalid where it is not held.
  TimedEntry remove(uint64_t line);

  // Puts an entry in the place of an invalid one in the set of `line`, which must have one.
  void put_back(uint64_t line, TimedEntry entry);

  // Puts an entry in the place of another one of its set, which must be held. The time stays.
  void exchange(LruEntry held, LruEntry incoming);

  // Returns every set's entries, set after set, each with the most recently used one first.
  std::vector<LruEntry> entries() const;

  // Returns, by set, how many of its entries were used after this time.
  std::vector<uint32_t> used_since(UseTime time) const;

  // The last time given out. It falls when times are numbered anew.
  UseTime clock() const { return clock_; }

  // Makes the level hold these entries, which are as entries() gives them.
  void set_entries(const std::vector<LruEntry>& all);

 private:
  static constexpr UseTime kLatest = 1u << 31;
  // Sets are padded with entries whose time is never the smallest.
  static constexpr UseTime kPadding = ~UseTime{0};
  struct alignas(64) Chunk {
    uint32_t words[16];
  };

  LruEntry* set_of(uint64_t line) { return set(set_index(line)); }
  UseTime& time_of(LruEntry* entry) { return entry[times_distance(padded_ways_)]; }
  // Returns the line's entry, or null where it is not held.
  LruEntry* find(uint64_t line);

  uint32_t sets_;
  uint32_t set_mask_;  // sets_ - 1 where sets_ is a power of two
  uint32_t ways_;
  uint32_t padded_ways_;
  UseTime clock_ = kMaxWays;  // invalid entries have smaller times
  std::vector<Chunk> storage_;
};

}  // namespace wattgrind
