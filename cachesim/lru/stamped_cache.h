// One set-associative LRU cache, a level below the first, that is quick to look up.
//
// Holds exactly what cache.h with LRU holds after the same uses. A table tells of every line when
// it was used last, so that a hit is one look at the table. What is in a set is noted apart, in the
// order of use when it was noted; only when the set has to give something up are the notes at the
// front, as far as they are out of date, put in their places. What is then in front and up to date
// was used before everything else in the set: its own note is the earliest, and no line was used
// before it was noted.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/lru_entry.h"
#include "cachesim/lru/miss_log.h"
#include "cachesim/model/line_table.h"
#include "estimator/machine/machine.h"

namespace wattgrind {

struct LruTouch {
  bool missed = false;
  TimedEntry displaced;  // on a miss: what the set gave up
};

class StampedCache {
 public:
  static constexpr UseTime kLatest = (1u << 31) - 1;

  // Uses are numbered up to `latest` before they are numbered anew.
  explicit StampedCache(const CacheGeometry& geometry, UseTime latest = kLatest);

  // Lines up to this one may be asked for from now on.
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

  // Uses the lines of all misses, one after the other; none becomes dirty. Calls on_missed with
  // each that the line was not held for.
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

  // Takes the line out; an invalid entry where it is not held.
  LruEntry remove(uint64_t line);

  // False where the line is not held. Not a use.
  bool mark_dirty(uint64_t line) {
    uint32_t& stamp = stamps_[line];
    stamp |= stamp != 0 ? 1 : 0;
    return stamp != 0;
  }

  // Puts what `touch` displaced back into its set, which has just lost a line.
  void put_back(TimedEntry displaced);

  bool same_set(uint64_t line, uint64_t other) const { return set_index(line) == set_index(other); }

 private:
  struct Note {
    uint32_t line = 0;
    UseTime time = 0;  // 0: of a free way
  };

  // Where everything is, for compilers to keep in registers: they cannot know that the words stored
  // there are not members.
  struct Tables {
    uint32_t* stamps;
    Note* notes;
    uint32_t* fronts;
    uint32_t end;

    // A set's notes: at places 0, kNeighbours, 2 * kNeighbours, ... end - kNeighbours from here on.
    Note* notes_of(uint32_t set) const {
      return notes + size_t{set / kNeighbours} * end + set % kNeighbours;
    }
    uint32_t after(uint32_t place) const {
      return place + kNeighbours == end ? 0 : place + kNeighbours;
    }
    uint32_t before(uint32_t place) const { return (place == 0 ? end : place) - kNeighbours; }
  };
  static constexpr uint32_t kNeighbours = 8;  // sets whose notes of one way share a line
  Tables tables() { return {stamps_.data(), notes_.data(), fronts_.data(), end_}; }

  // Makes sure the clock can go on so far.
  void reserve(size_t uses) {
    if (clock_ > latest_ - uses) {
      forget_times();
    }
  }

  // Into the free way in front, as what was used last.
  static void put_in(const Tables& tables, uint32_t set, uint32_t line, UseTime now) {
    uint32_t& front = tables.fronts[set];
    tables.notes_of(set)[front] = {line, now};
    front = tables.after(front);
  }

  uint32_t set_index(uint64_t line) const {
    const auto number = static_cast<uint32_t>(line);
    return set_mask_ + 1 == sets_ ? number & set_mask_ : number % sets_;
  }

  // Leaves a free way in front; returns what was there.
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
  uint32_t set_mask_;  // sets_ - 1 where that is a power of two
  uint32_t ways_;
  uint32_t end_;  // of a set's places
  UseTime latest_;
  UseTime clock_ = 0;
  LineTable stamps_;  // time of the last use shifted left by one, dirty in bit 0; 0: not held
  // [neighbourhood][way][set], as lines that follow each other go to neighbouring sets; from a
  // set's front on in order of time.
  std::vector<Note> notes_;
  std::vector<uint32_t> fronts_;  // by set: a place
};

}  // namespace wattgrind
