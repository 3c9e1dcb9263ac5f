// One set-associative LRU cache, a level below the first, that is quick to look up.
//
// It holds exactly what cache.h with LRU holds after the same uses. Two tables say so:
//
//   - The *stamp* of a line is the time of its last use, and whether it is dirty; 0 means that the
//     line is not held. A hit is one look at the line's stamp and changes nothing else.
//   - The *notes* of a set are its lines, one a way, each with the time at which it was noted, in
//     the order of these times; the *front* of the set is the way of the earliest note.
//
//         notes of a full set    a at 3    b at 4    c at 7     b has been used at 9, after it was
//         stamps of its lines    a: 3      b: 9      c: 7       noted, so its note is out of date
//                                ^ front
//
// Only when the set has to give something up are notes looked at. While the note in front is out of
// date, as its line has been used since, it moves back to where its line's stamp belongs. A note in
// front that is up to date is that of the least recently used line: every other line was noted
// later, and used no earlier than it was noted. So above, a goes first; the next time b's note
// moves behind c's, and c goes.
//
// 1. A line is held if and only if its stamp is not 0, and then its set has one note of it.
// 2. From the front on, notes are in the order of their times. Those of free ways have time 0 and
//    come first.
// 3. No note is later than its line's stamp, and no two stamps of a set have the same time. Lines
//    of different sets may have: sets never compare their times.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/first_level_miss.h"
#include "cachesim/lru/lru_entry.h"
#include "cachesim/model/line_table.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

struct LruTouch {
  bool missed = false;
  TimedEntry displaced;  // what the set gave up on a miss; invalid where a way was free
};

class StampedCacheTables;

class StampedCache {
 public:
  static constexpr UseTime kLatest = (1u << 31) - 1;

  // The cache starts empty. Its clock counts uses up to `latest`; then times are numbered anew.
  explicit StampedCache(const CacheGeometry& geometry, UseTime latest = kLatest);

  // Lines up to this one may be asked for from now on. No line may be asked for that never was
  // covered.
  void cover(uint64_t last) { stamps_.cover(last); }

  // Uses the line, putting it in where it is not held; its entry is or-ed with `dirty`.
  LruTouch touch(uint64_t line, uint32_t dirty) {
    reserve(1);
    const UseTime now = ++clock_;
    uint32_t& stamp = stamps_[line];
    if (stamp != 0) {
      stamp = now << 1 | (stamp & 1) | dirty;
      return {};
    }
    const uint32_t set = set_index(line);
    const Tables tables = this->tables();
    const TimedEntry displaced = make_room(tables, set);
    stamp = now << 1 | dirty;
    put_in(tables, set, static_cast<uint32_t>(line), now);
    return {true, displaced};
  }

  // Uses the line if it is held; else nothing happens.
  bool touch_held(uint64_t line) {
    uint32_t& stamp = stamps_[line];
    if (stamp == 0) {
      return false;
    }
    reserve(1);
    stamp = ++clock_ << 1 | (stamp & 1);
    return true;
  }

  // Uses the lines of all misses, none a run, one after the other; none becomes dirty. Calls
  // on_missed with each that the line was not held for.
  template <typename OnMissed>
  void touch_all(std::span<const FirstLevelMiss> misses, const OnMissed& on_missed) {
    reserve(misses.size());
    const auto use_all = [&](const auto& set_of) {
      const Tables tables = this->tables();
      UseTime now = clock_;
      for (const FirstLevelMiss& miss : misses) {
        ++now;
        uint32_t& stamp = tables.stamps[miss.line];
        if (stamp != 0) {
          stamp = now << 1 | (stamp & 1);
          continue;
        }
        const uint32_t set = set_of(miss.line);
        make_room(tables, set);
        stamp = now << 1;
        put_in(tables, set, miss.line, now);
        on_missed(miss);
      }
    };
    if (const uint32_t mask = set_mask_; mask + 1 == sets_) {
      use_all([mask](uint32_t line) { return line & mask; });
    } else {
      use_all([sets = sets_](uint32_t line) { return line % sets; });
    }
    clock_ += static_cast<UseTime>(misses.size());
  }

  // Takes the line out and returns its entry, which is invalid where it is not held.
  LruEntry remove(uint64_t line);

  // Returns false where the line is not held. This does not count as a use.
  bool mark_dirty(uint64_t line) {
    uint32_t& stamp = stamps_[line];
    stamp |= stamp != 0 ? 1 : 0;
    return stamp != 0;
  }

  // Puts what `touch` displaced back into its set, which has just lost a line.
  void put_back(TimedEntry displaced);

  bool same_set(uint64_t line, uint64_t other) const { return set_index(line) == set_index(other); }

 private:
  friend class StampedCacheTables;

  struct Note {
    uint32_t line = 0;
    UseTime time = 0;  // 0 where the way is free
  };

  // The places of all tables, for compilers to keep in registers: they cannot know that the words
  // stored in the tables are not members of the cache.
  struct Tables {
    uint32_t* stamps;
    Note* notes;
    uint32_t* fronts;
    uint32_t end;

    // A set's notes lie at the places 0, kNeighbours, 2 * kNeighbours, ... end - kNeighbours from
    // here on.
    Note* notes_of(uint32_t set) const {
      return notes + size_t{set / kNeighbours} * end + set % kNeighbours;
    }
    uint32_t after(uint32_t place) const {
      return place + kNeighbours == end ? 0 : place + kNeighbours;
    }
    uint32_t before(uint32_t place) const { return (place == 0 ? end : place) - kNeighbours; }
  };
  static constexpr uint32_t kNeighbours = 8;  // so many sets' notes of one way share a host's line
  Tables tables() { return {stamps_.data(), notes_.data(), fronts_.data(), end_}; }

  // Makes sure that the clock can count so many uses.
  void reserve(size_t uses) {
    if (clock_ > latest_ - uses) {
      forget_times();
    }
  }

  // Puts the line into the free way in front, as what was used last.
  static void put_in(const Tables& tables, uint32_t set, uint32_t line, UseTime now) {
    uint32_t& front = tables.fronts[set];
    tables.notes_of(set)[front] = {line, now};
    front = tables.after(front);
  }

  uint32_t set_index(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    return set_mask_ + 1 == sets_ ? number & set_mask_ : number % sets_;
  }

  // Leaves a free way in front, and returns what had to be given up for it.
  TimedEntry make_room(const Tables& tables, uint32_t set) {
    for (;;) {
      const Note note = tables.notes_of(set)[tables.fronts[set]];
      if (note.time == 0) {
        return {};
      }
      uint32_t& stamp = tables.stamps[note.line];
      if (__builtin_expect(stamp >> 1 == note.time, 1)) {
        const TimedEntry displaced{note.line << 1 | (stamp & 1), note.time};
        stamp = 0;
        return displaced;
      }
      move_back(set, stamp >> 1);
    }
  }

  void move_back(uint32_t set, UseTime used);
  void forget_times();

  uint32_t sets_;
  uint32_t set_mask_;  // sets_ - 1 where sets_ is a power of two
  uint32_t ways_;
  uint32_t end_;  // the first place behind a set's notes
  UseTime latest_;
  UseTime clock_ = 0;
  LineTable stamps_;  // the time shifted left by one, and whether the line is dirty in bit 0
  // [neighbourhood][way][set], because lines that follow each other go to neighbouring sets.
  std::vector<Note> notes_;
  std::vector<uint32_t> fronts_;  // by set: the front's place
};

// A cache's tables, for those that look up many lines at once (stamped_runs.cpp). Between the
// beginning and the end of a look-up they alone may use the cache.
class StampedCacheTables {
 public:
  using Note = StampedCache::Note;
  static constexpr uint32_t kNeighbours = StampedCache::kNeighbours;

  // The clock is made to suffice for so many uses.
  StampedCacheTables(StampedCache& cache, size_t uses) : cache_(cache), tables_(cache.tables()) {
    cache.reserve(uses);
    clock_ = cache.clock_;
    sets_ = cache.sets_;
  }
  void end() { cache_.clock_ = clock_; }

  uint32_t sets() const { return sets_; }
  // Whether neighbourhoods begin at the lines whose numbers are multiples of kNeighbours.
  bool are_aligned() const { return sets_ % kNeighbours == 0; }
  uint32_t set_index(uint32_t line) const { return cache_.set_index(line); }
  UseTime tick() { return ++clock_; }

  uint32_t* stamps() const { return tables_.stamps; }
  uint32_t* fronts() const { return tables_.fronts; }
  Note* notes_of(uint32_t set) const { return tables_.notes_of(set); }
  uint32_t after(uint32_t place) const { return tables_.after(place); }

  // Puts in a line that is not held. What the set gives up for it is lost.
  void put_in(uint32_t line, uint32_t set, UseTime now) {
    cache_.make_room(tables_, set);
    tables_.stamps[line] = now << 1;
    StampedCache::put_in(tables_, set, line, now);
  }

 private:
  StampedCache& cache_;
  StampedCache::Tables tables_;
  UseTime clock_ = 0;
  uint32_t sets_ = 0;
};

}  // namespace wattgrind
