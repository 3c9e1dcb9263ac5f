#include "cachesim/lru/first_level.h"

#include <array>

#include "estimator/base/error.h"

namespace wattgrind {

FirstLevel::FirstLevel(const CacheGeometry& geometry)
    : sets_(static_cast<uint32_t>(geometry.sets())),
      set_mask_(std::has_single_bit(sets_) ? sets_ - 1 : 0),
      ways_(geometry.ways),
      padded_ways_(ways_ <= 8 ? 8 : (ways_ + 15) / 16 * 16),
      storage_(set_offset(sets_ + 1, padded_ways_) / 16) {
  set_entries(std::vector<LruEntry>(size_t{sets_} * ways_, kInvalidEntry));
}

LruEntry* FirstLevel::find(uint64_t line) {
  LruEntry* entries = set_of(line);
  LruEntry* end = entries + ways_;
  LruEntry* found = std::find_if(entries, end, [&](LruEntry entry) { return entry >> 1 == line; });
  return found == end ? nullptr : found;
}

TimedTouch FirstLevel::touch(uint64_t line, uint32_t dirty, UseTime time) {
  TimedTouch outcome;
  LruEntry* entry = find(line);
  if (entry == nullptr) {
    UseTime* times = &time_of(set_of(line));
    entry = set_of(line) + (std::min_element(times, times + ways_) - times);
    outcome = {true, false, {*entry, time_of(entry)}};
    *entry = static_cast<LruEntry>(line << 1);
  } else {
    outcome.dirtied = (dirty & ~*entry) != 0;
  }
  *entry |= dirty;
  time_of(entry) = outcome.missed ? time : std::max(time_of(entry), time);
  return outcome;
}

void FirstLevel::set_time(uint64_t line, UseTime time) {
  if (LruEntry* entry = find(line)) {
    time_of(entry) = time;
  }
}

bool FirstLevel::mark_dirty(uint64_t line) {
  LruEntry* entry = find(line);
  if (entry == nullptr) {
    return false;
  }
  *entry |= 1;
  return true;
}

TimedEntry FirstLevel::remove(uint64_t line) {
  LruEntry* entry = find(line);
  if (entry == nullptr) {
    return {};
  }
  const TimedEntry removed{*entry, time_of(entry)};
  *entry = kInvalidEntry;
  time_of(entry) = static_cast<UseTime>(entry - set_of(line));
  return removed;
}

void FirstLevel::put_back(uint64_t line, TimedEntry entry) {
  LruEntry* entries = set_of(line);
  LruEntry* place = std::find(entries, entries + ways_, kInvalidEntry);
  CHECK(place != entries + ways_, "set of line {} is full", line);
  *place = entry.entry();
  time_of(place) = entry.time();
}

void FirstLevel::exchange(LruEntry held, LruEntry incoming) {
  LruEntry* place = find(held >> 1);
  CHECK(place != nullptr, "line {} is not held", held >> 1);
  *place = incoming;
}

std::vector<LruEntry> FirstLevel::entries() const {
  std::vector<LruEntry> all;
  all.reserve(size_t{sets_} * ways_);
  std::array<uint64_t, kMaxWays> held;  // a time in the upper half, its entry in the lower
  for (uint32_t index = 0; index < sets_; ++index) {
    const LruEntry* set = storage_[0].words + set_offset(index, padded_ways_);
    const UseTime* times = set + times_distance(padded_ways_);
    for (uint32_t way = 0; way < ways_; ++way) {
      const uint64_t next = uint64_t{times[way]} << 32 | set[way];
      uint32_t place = way;
      for (; place > 0 && held[place - 1] < next; --place) {
        held[place] = held[place - 1];
      }
      held[place] = next;
    }
    for (uint32_t way = 0; way < ways_; ++way) {
      all.push_back(static_cast<LruEntry>(held[way]));
    }
  }
  return all;
}

std::vector<uint32_t> FirstLevel::used_since(UseTime time) const {
  std::vector<uint32_t> used(sets_);
  for (uint32_t index = 0; index < sets_; ++index) {
    const UseTime* times =
        storage_[0].words + set_offset(index, padded_ways_) + times_distance(padded_ways_);
    used[index] = static_cast<uint32_t>(
        std::count_if(times, times + ways_, [&](UseTime used_at) { return used_at > time; }));
  }
  return used;
}

void FirstLevel::set_entries(const std::vector<LruEntry>& all) {
  clock_ = 2 * kMaxWays;
  for (uint32_t index = 0; index < sets_; ++index) {
    LruEntry* entries = set(index);
    std::fill_n(entries, padded_ways_, kInvalidEntry);
    std::fill_n(&time_of(entries), padded_ways_, kPadding);
    for (uint32_t way = 0; way < ways_; ++way) {
      entries[way] = all[size_t{index} * ways_ + way];
      time_of(entries + way) = entries[way] == kInvalidEntry ? way : clock_ - way;
    }
  }
}

}  // namespace wattgrind
