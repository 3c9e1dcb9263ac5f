#include "cachesim/lru/stamped_cache.h"

#include <algorithm>

#include "estimator/base/error.h"

namespace wattgrind {
StampedCache::StampedCache(const CacheGeometry& geometry, UseTime latest)
    : sets_(static_cast<uint32_t>(geometry.sets())),
      set_mask_(std::has_single_bit(sets_) ? sets_ - 1 : 0),
      ways_(geometry.ways),
      end_(ways_ * kNeighbours),
      latest_(latest),
      notes_((sets_ + kNeighbours - 1) / kNeighbours * size_t{end_}),
      fronts_(sets_, 0) {}

LruEntry StampedCache::remove(uint64_t line) {
  uint32_t& stamp = stamps_[line];
  if (stamp == 0) {
    return kInvalidEntry;
  }
  const auto removed = static_cast<LruEntry>(line << 1 | (stamp & 1));
  stamp = 0;
  const uint32_t set = set_index(line);
  const Tables tables = this->tables();
  Note* notes = tables.notes_of(set);
  uint32_t place = 0;
  while (notes[place].line != line || notes[place].time == 0) {
    place += kNeighbours;
  }
  for (; place != fronts_[set]; place = tables.before(place)) {
    notes[place] = notes[tables.before(place)];
  }
  notes[place] = {};
  return removed;
}

void StampedCache::put_back(TimedEntry displaced) {
  const uint32_t line = displaced.entry() >> 1;
  const uint32_t set = set_index(line);
  Note& front = tables().notes_of(set)[fronts_[set]];
  CHECK(front.time == 0, "set of line {} is full", line);
  // The line belongs in front: everything else in the set was used later, whatever its note says.
  front = {line, displaced.time()};
  stamps_[line] = displaced.time() << 1 | (displaced.entry() & 1);
}

// Moves the note in front back to this time, at which its line was used; that is seldom far.
void StampedCache::move_back(uint32_t set, UseTime used) {
  const Tables tables = this->tables();
  Note* notes = tables.notes_of(set);
  const uint32_t front = fronts_[set];
  uint32_t place = front;
  const Note moved{notes[place].line, used};
  for (uint32_t next = tables.after(place); next != front && notes[next].time < used;
       next = tables.after(next)) {
    notes[place] = notes[next];
    place = next;
  }
  notes[place] = moved;
}

// Numbers the last uses of each set's lines anew, from 1 on.
void StampedCache::forget_times() {
  std::vector<Note> ordered(ways_);
  for (uint32_t set = 0; set < sets_; ++set) {
    Note* notes = tables().notes_of(set);
    for (uint32_t way = 0; way < ways_; ++way) {
      const Note& note = notes[size_t{way} * kNeighbours];
      ordered[way] = {note.line, note.time == 0 ? 0 : stamps_[note.line] >> 1};
    }
    std::sort(ordered.begin(), ordered.end(),
              [](const Note& a, const Note& b) { return a.time < b.time; });
    fronts_[set] = 0;
    for (uint32_t way = 0; way < ways_; ++way) {
      Note& note = ordered[way];
      if (note.time != 0) {
        note.time = way + 1;
        uint32_t& stamp = stamps_[note.line];
        stamp = note.time << 1 | (stamp & 1);
      }
      notes[size_t{way} * kNeighbours] = note;
    }
  }
  clock_ = ways_;
}

}  // namespace wattgrind
