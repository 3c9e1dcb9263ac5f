#include "cachesim/lru/machine_levels.h"

#include "cachesim/lru/stamped_cache.h"

namespace wattgrind {
namespace {

uint64_t line_of(LruEntry entry) { return entry >> 1; }
bool is_dirty(LruEntry entry) { return (entry & 1) != 0; }

class MachineLevels : public LowerLevels {
 public:
  MachineLevels(const HierarchyConfig& config, FirstLevel& first_level, LruCounters& counters);

  void cover(uint64_t last) override;
  void fetch(std::span<const FirstLevelMiss> misses) override;
  size_t replay(std::span<const FirstLevelMiss> misses, size_t from,
                ReplayedFirstLevel& first_level) override;
  void touch_lines(uint64_t first, uint64_t last, Requester requester) override;
  void take_out_again(std::span<const uint64_t> lines, const FirstLevelMiss& miss) override;

 private:
  struct Level {
    StampedCache cache;
    Containment containment;
  };
  StampedCache& cache(size_t level) { return levels_.data()[level - 1].cache; }
  Containment containment(size_t level) const {
    return level == 0 ? Containment::kNonInclusive : levels_.data()[level - 1].containment;
  }

  void fetch(const FirstLevelMiss& miss);
  bool fill_first_level(uint64_t line, LruEntry displaced, UseTime displaced_time,
                        size_t requester);
  bool take_from_victim_level(size_t level, uint64_t line);
  void evict_in_flight(size_t level, uint64_t incoming);
  void evict(size_t level, LruEntry entry, uint64_t incoming);
  bool take_out_of_first(uint64_t line, uint64_t incoming);
  bool take_out_above(size_t level, uint64_t line, uint64_t incoming);
  void put_in_victim_level(size_t level, LruEntry entry);
  void write_back(size_t to_level, uint64_t line);

  size_t level_count_;  // the first one included
  FirstLevel& first_level_;
  LruCounters& counters_;
  std::vector<Level> levels_;          // below the first
  std::vector<TimedEntry> in_flight_;  // by level
  // By level: 1 where the eviction of a clean line has effects too.
  std::vector<uint8_t> evicts_clean_lines_;
  bool has_plain_second_;  // the second level is there, and no victim level
  // While misses are replayed: the first level, and how many of the misses it has met.
  ReplayedFirstLevel* replayed_ = nullptr;
  size_t replayed_misses_ = 0;
};

MachineLevels::MachineLevels(const HierarchyConfig& config, FirstLevel& first_level,
                             LruCounters& counters)
    : level_count_(config.levels.size()),
      first_level_(first_level),
      counters_(counters),
      in_flight_(config.levels.size()),
      has_plain_second_(config.levels.size() > 1 &&
                        config.levels[1].containment != Containment::kVictim) {
  for (size_t level = 1; level < level_count_; ++level) {
    levels_.push_back(
        {StampedCache(config.levels[level].geometry), config.levels[level].containment});
  }
  for (size_t level = 0; level < level_count_; ++level) {
    const bool is_above_victim =
        level + 1 < level_count_ && containment(level + 1) == Containment::kVictim;
    evicts_clean_lines_.push_back(is_above_victim || containment(level) == Containment::kInclusive);
  }
}

void MachineLevels::cover(uint64_t last) {
  for (Level& level : levels_) {
    level.cache.cover(last);
  }
}

inline void MachineLevels::fetch(const FirstLevelMiss& miss) {
  if (miss.is_dirtied()) return;
  forget_taken_out();
  // Most misses come to no more than this.
  if (has_plain_second_ && !is_dirty(miss.displaced) && cache(1).touch_held(miss.line)) {
    ++counters_.missed(0, miss.requester());
    return;
  }
  fill_first_level(miss.line, miss.displaced, miss.displaced_time, miss.requester());
}

void MachineLevels::fetch(std::span<const FirstLevelMiss> misses) {
  for (const FirstLevelMiss& miss : misses) fetch(miss);
}

size_t MachineLevels::replay(std::span<const FirstLevelMiss> misses, size_t from,
                             ReplayedFirstLevel& first_level) {
  forget_taken_out();
  replayed_ = &first_level;
  size_t done = 0;
  while (done < misses.size() && taken_out().empty()) {
    replayed_misses_ = from + done + 1;
    fetch(misses[done++]);
  }
  replayed_ = nullptr;
  return done;
}

// Brings a line that the first level missed from wherever it is through the levels between. Returns
// whether it was never referenced before.
bool MachineLevels::fill_first_level(uint64_t line, LruEntry displaced, UseTime displaced_time,
                                     size_t requester) {
  in_flight_.data()[0] = {displaced, displaced_time};
  ++counters_.missed(0, requester);
  size_t level = 1;
  for (; level < level_count_; ++level) {
    if (containment(level) == Containment::kVictim) {
      if (take_from_victim_level(level, line)) {
        break;
      }
    } else {
      const LruTouch outcome = cache(level).touch(line, 0);
      if (!outcome.missed) {
        break;
      }
      in_flight_.data()[level] = outcome.displaced;
    }
    ++counters_.missed(level, requester);
  }
  const bool is_new = level == level_count_ && counters_.mark_seen(line, requester);
  while (level-- > 0) {
    evict_in_flight(level, line);
  }
  return is_new;
}

// A victim level gives up a line it hits, and the level above that is filled instead takes over
// whether it is dirty. Returns false where the line is not held.
bool MachineLevels::take_from_victim_level(size_t level, uint64_t line) {
  const LruEntry held = cache(level).remove(line);
  if (held == kInvalidEntry) {
    return false;
  }
  if (is_dirty(held)) {
    size_t above = level - 1;
    while (containment(above) == Containment::kVictim) {
      --above;
    }
    above == 0 ? first_level_.mark_dirty(line) : cache(above).mark_dirty(line);
  }
  return true;
}

inline void MachineLevels::evict_in_flight(size_t level, uint64_t incoming) {
  const LruEntry entry = in_flight_.data()[level].entry();
  in_flight_.data()[level] = {};
  if (entry != kInvalidEntry && (is_dirty(entry) || evicts_clean_lines_.data()[level] != 0)) {
    evict(level, entry, incoming);
  }
}

void MachineLevels::evict(size_t level, LruEntry entry, uint64_t incoming) {
  if (containment(level) == Containment::kInclusive &&
      take_out_above(level, line_of(entry), incoming)) {
    entry |= 1;
  }
  if (is_dirty(entry)) {
    ++counters_.of_owner(level, line_of(entry)).write_backs;
  }
  const size_t below = level + 1;
  if (below < level_count_ && containment(below) == Containment::kVictim) {
    put_in_victim_level(below, entry);
  } else if (is_dirty(entry)) {
    write_back(below, line_of(entry));
  }
}

// Takes a line that an inclusive level evicts out of the levels above; returns true if a copy was
// dirty. The textbook's level evicts before the levels above are filled, but here these have been
// filled already. Where the line is what such a level has in flight, it has left for good. Where
// the level still holds the line, taking it out in time would have made room for the incoming line
// in its set, so what is in flight need not have left and is put back.
bool MachineLevels::take_out_above(size_t level, uint64_t line, uint64_t incoming) {
  bool dirty = take_out_of_first(line, incoming);
  for (size_t above = 1; above < level; ++above) {
    TimedEntry& leaving = in_flight_[above];
    if (leaving.is_valid() && line_of(leaving.entry()) == line) {
      dirty |= is_dirty(leaving.entry());
      leaving = {};
      continue;
    }
    const LruEntry held = cache(above).remove(line);
    if (held == kInvalidEntry) {
      continue;
    }
    dirty |= is_dirty(held);
    if (leaving.is_valid() && cache(above).same_set(line, incoming)) {
      cache(above).put_back(leaving);
      leaving = {};
    }
  }
  return dirty;
}

bool MachineLevels::take_out_of_first(uint64_t line, uint64_t incoming) {
  TimedEntry& leaving = in_flight_[0];
  if (leaving.is_valid() && line_of(leaving.entry()) == line) {
    const bool dirty = is_dirty(leaving.entry());
    leaving = {};
    return dirty;
  }
  if (replayed_ != nullptr && !replayed_->follow_for(line, replayed_misses_)) return false;
  const TimedEntry held = first_level_.remove(line);
  if (!held.is_valid()) {
    return false;
  }
  note_taken_out(line);
  if (leaving.is_valid() && first_level_.set_index(line) == first_level_.set_index(incoming)) {
    first_level_.put_back(line, leaving);
    leaving = {};
  }
  return is_dirty(held.entry());
}

void MachineLevels::put_in_victim_level(size_t level, LruEntry entry) {
  const uint64_t line = line_of(entry);
  ++counters_.of_owner(level, line).fills;
  in_flight_[level] = cache(level).touch(line, entry & 1).displaced;
  evict_in_flight(level, line);
}

void MachineLevels::write_back(size_t to_level, uint64_t line) {
  size_t level = to_level;
  while (level < level_count_ && !cache(level).mark_dirty(line)) {
    ++level;
  }
  ++counters_.of_owner(level, line).updates;
}

void MachineLevels::touch_lines(uint64_t first, uint64_t last, Requester requester) {
  forget_taken_out();
  uint64_t missed_lines = 0, new_lines = 0;
  for (uint64_t line = first; line <= last; ++line) {
    const TimedTouch outcome =
        first_level_.touch(line, requester.is_write ? 1 : 0, first_level_.reserve(1) + 1);
    if (outcome.missed) {
      ++missed_lines;
      new_lines += fill_first_level(line, outcome.displaced.entry(), outcome.displaced.time(),
                                    requester.index());
    }
  }
  counters_.merge_into_one_miss(requester.index(), missed_lines, new_lines);
}

void MachineLevels::take_out_again(std::span<const uint64_t> lines, const FirstLevelMiss& miss) {
  forget_taken_out();
  in_flight_[0] = {miss.displaced, miss.displaced_time};
  for (const uint64_t line : lines) {
    take_out_of_first(line, miss.line);
  }
  in_flight_[0] = {};
}

}  // namespace

std::unique_ptr<LowerLevels> make_machine_levels(const HierarchyConfig& config,
                                                 FirstLevel& first_level, LruCounters& counters) {
  return std::make_unique<MachineLevels>(config, first_level, counters);
}

}  // namespace wattgrind
