#include "cachesim/model/cache.h"

#include <limits>

namespace wattgrind {
namespace {

constexpr uint64_t kInvalidLine = std::numeric_limits<uint64_t>::max();

}  // namespace

Cache::Cache(const CacheGeometry& geometry, Replacement replacement)
    : sets_(geometry.sets()),
      ways_(geometry.ways),
      lines_(sets_ * ways_, kInvalidLine),
      dirty_(sets_ * ways_, 0),
      last_used_(sets_, 0),
      policy_(make_policy(replacement, sets_, ways_)) {}

std::optional<Cache::Place> Cache::find(uint64_t line) const {
  const uint64_t set = line % sets_;
  if (lines_[set * ways_ + last_used_[set]] == line) {
    return Place{set, last_used_[set]};
  }
  for (uint32_t way = 0; way < ways_; ++way) {
    if (lines_[set * ways_ + way] == line) {
      return Place{set, way};
    }
  }
  return std::nullopt;
}

void Cache::use(Place place) {
  policy_->touch(place.set, place.way);
  last_used_[place.set] = place.way;
}

bool Cache::touch(uint64_t line) {
  const std::optional<Place> place = find(line);
  if (!place) {
    return false;
  }
  if (place->way != last_used_[place->set]) {
    use(*place);
  }
  return true;
}

std::optional<HeldLine> Cache::insert(HeldLine incoming) {
  const uint64_t set = incoming.line % sets_;
  uint32_t way = 0;
  while (way < ways_ && lines_[set * ways_ + way] != kInvalidLine) {
    ++way;
  }
  std::optional<HeldLine> evicted;
  if (way == ways_) {
    way = policy_->victim(set);
    const size_t at = index({set, way});
    evicted = HeldLine{lines_[at], dirty_[at] != 0};
  }
  const Place place{set, way};
  lines_[index(place)] = incoming.line;
  dirty_[index(place)] = incoming.dirty;
  use(place);
  return evicted;
}

std::optional<HeldLine> Cache::remove(uint64_t line) {
  const std::optional<Place> place = find(line);
  if (!place) {
    return std::nullopt;
  }
  const HeldLine removed{line, dirty_[index(*place)] != 0};
  lines_[index(*place)] = kInvalidLine;
  return removed;
}

bool Cache::mark_dirty(uint64_t line) {
  const std::optional<Place> place = find(line);
  if (place) {
    dirty_[index(*place)] = 1;
  }
  return place.has_value();
}

}  // namespace wattgrind
