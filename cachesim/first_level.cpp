#include "cachesim/first_level.h"

#include <array>

#include "estimator/error.h"

namespace wattgrind {

FirstLevel::FirstLevel(const CacheGeometry& geometry)
    : sets_(static_cast<uint32_t>(geometry.sets())),
      set_mask_(std::has_single_bit(sets_) ? sets_ - 1 : 0),
      shape_(lru_shape(geometry.ways)),
      storage_(size_t{sets_} * 2 * shape_.padded_ways / 16) {
  set_entries(std::vector<LruEntry>(size_t{sets_} * shape_.ways, kInvalidEntry));
}

uint32_t* FirstLevel::find(uint64_t line) {
  LruEntry* entries = set_of(line);
  LruEntry* end = entries + shape_.ways;
  LruEntry* found = std::find_if(entries, end, [&](LruEntry entry) { return entry >> 1 == line; });
  return found == end ? nullptr : found;
}

TimedTouch FirstLevel::touch(uint64_t line, uint32_t dirty) {
  const UseTime now = reserve(1) + 1;
  LruEntry* place = find(line);
  TimedTouch outcome;
  if (place == nullptr) {
    UseTime* times = set_of(line) + shape_.padded_ways;
    place = std::min_element(times, times + shape_.ways) - shape_.padded_ways;
    outcome = {true, false, {place[0], place[shape_.padded_ways]}};
    place[0] = static_cast<LruEntry>(line << 1);
  } else {
    outcome.dirtied = (dirty & ~place[0]) != 0;
  }
  place[0] |= dirty;
  place[shape_.padded_ways] = now;
  return outcome;
}

bool FirstLevel::mark_dirty(uint64_t line) {
  LruEntry* held = find(line);
  if (held == nullptr) {
    return false;
  }
  *held |= 1;
  return true;
}

TimedEntry FirstLevel::remove(uint64_t line) {
  LruEntry* held = find(line);
  if (held == nullptr) {
    return {};
  }
  const TimedEntry removed{held[0], held[shape_.padded_ways]};
  held[0] = kInvalidEntry;
  held[shape_.padded_ways] = 0;
  return removed;
}

void FirstLevel::put_back(uint64_t line, TimedEntry entry) {
  LruEntry* entries = set_of(line);
  LruEntry* place = std::find(entries, entries + shape_.ways, kInvalidEntry);
  CHECK(place != entries + shape_.ways, "set of line {} is full", line);
  place[0] = entry.entry;
  place[shape_.padded_ways] = entry.time;
}

void FirstLevel::exchange(LruEntry held, LruEntry incoming) {
  uint32_t* place = find(held >> 1);
  CHECK(place != nullptr, "line {} is not held", held >> 1);
  *place = incoming;
}

std::vector<LruEntry> FirstLevel::entries() const {
  std::vector<LruEntry> all;
  all.reserve(size_t{sets_} * shape_.ways);
  std::array<TimedEntry, kMaxLruWays> held;
  for (uint32_t index = 0; index < sets_; ++index) {
    const LruEntry* set = storage_[0].words + size_t{index} * 2 * shape_.padded_ways;
    for (uint32_t way = 0; way < shape_.ways; ++way) {
      held[way] = {set[way], set[shape_.padded_ways + way]};
    }
    std::sort(held.begin(), held.begin() + shape_.ways,
              [](const TimedEntry& a, const TimedEntry& b) { return a.time > b.time; });
    for (uint32_t way = 0; way < shape_.ways; ++way) {
      all.push_back(held[way].entry);
    }
  }
  return all;
}

void FirstLevel::set_entries(const std::vector<LruEntry>& all) {
  for (uint32_t index = 0; index < sets_; ++index) {
    LruEntry* entries = set(index);
    UseTime* times = entries + shape_.padded_ways;
    std::fill_n(entries, shape_.padded_ways, kInvalidEntry);
    std::fill_n(times, shape_.padded_ways, kPadding);
    for (uint32_t way = 0; way < shape_.ways; ++way) {
      entries[way] = all[size_t{index} * shape_.ways + way];
      times[way] = entries[way] == kInvalidEntry ? 0 : shape_.ways - way;
    }
  }
  clock_ = kMaxLruWays;
}

}  // namespace wattgrind
