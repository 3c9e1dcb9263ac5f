#include "cachesim/lru_hierarchy.h"

#include <algorithm>

#include "estimator/error.h"

namespace wattgrind {
namespace {

constexpr uint32_t kMaxLineBytes = 1u << 16;

void count_lookups(LevelTraffic& level, bool is_write, uint64_t lookups) {
  (is_write ? level.writes : level.reads) += lookups;
}

void count_misses(LevelTraffic& level, bool is_write, uint64_t misses) {
  (is_write ? level.write_misses : level.read_misses) += misses;
}

uint64_t line_of(LruEntry entry) { return entry >> 1; }
bool is_dirty(LruEntry entry) { return (entry & 1) != 0; }

}  // namespace

bool LruHierarchy::can_simulate(const HierarchyConfig& config) {
  return std::ranges::all_of(config.levels, [](const LevelConfig& level) {
    return level.replacement == Replacement::kLru && level.geometry.ways <= kMaxLruWays &&
           level.geometry.line_bytes <= kMaxLineBytes;
  });
}

bool LruHierarchy::can_replay(const HierarchyConfig& config) {
  const bool has_inclusive = std::ranges::any_of(config.levels, [](const LevelConfig& level) {
    return level.containment == Containment::kInclusive;
  });
  const bool second_is_victim =
      config.levels.size() > 1 && config.levels[1].containment == Containment::kVictim;
  return can_simulate(config) && !has_inclusive && !second_is_victim;
}

LruHierarchy::LruHierarchy(const HierarchyConfig& config)
    : model_(config.model),
      writes_back_(config.model == CacheModel::kMachine),
      level_count_(config.levels.size()),
      first_level_(config.levels[0].geometry),
      in_flight_(config.levels.size(), kInvalidEntry) {
  CHECK(can_simulate(config), "{} levels", config.levels.size());
  for (size_t level = 1; level < level_count_; ++level) {
    levels_.push_back({LruCache(config.levels[level].geometry), config.levels[level].containment});
  }
}

void LruHierarchy::start_program(const LineOwners& owners, size_t buffers) {
  owners_ = &owners;
  owners_size_ = buffers + 1;
  counts_.assign((level_count_ + 1) * owners_size_, {});
}

void LruHierarchy::add_counts_to(ProgramTraffic& traffic) const {
  const auto add = [&](size_t buffer, BufferTraffic& out) {
    const LevelTraffic& dram = counts_[level_count_ * owners_size_ + buffer];
    out.dram_reads += dram.reads;
    out.dram_writes += dram.updates;
    const uint64_t repeated = counts_[buffer].compulsory_misses;
    for (size_t level = 0; level < level_count_; ++level) {
      LevelTraffic counted = counts_[level * owners_size_ + buffer];
      counted.compulsory_misses = dram.compulsory_misses;
      if (level == 0 || model_ == CacheModel::kCachegrind) {
        counted.compulsory_misses -= repeated;
      }
      out.levels[level] += counted;
    }
    out.levels[0].reads = out.references.reads;
    out.levels[0].writes = out.references.writes;
  };
  for (size_t buffer = 0; buffer < traffic.buffers.size(); ++buffer) {
    add(buffer, traffic.buffers[buffer]);
  }
  add(traffic.buffers.size(), traffic.elsewhere);
}

void LruHierarchy::miss_first_level(const FirstLevelMiss& miss, UseTime displaced_time) {
  if (log_ != nullptr && log_->size() < kLongestLog) {
    log_->push_back(miss);
  }
  count_misses(counts(0, miss.requester.buffer), miss.requester.is_write, 1);
  if (model_ == CacheModel::kCachegrind) {
    fetch_each_level(miss.line, miss.requester);
  } else {
    fill_first_level(miss.line, {miss.displaced, displaced_time}, miss.requester);
  }
}

// Returns whether the line was never referenced before.
bool LruHierarchy::fill_first_level(uint64_t line, TimedEntry displaced, Requester requester) {
  ++counts(0, requester.buffer).fills;
  in_flight_[0] = displaced.entry;
  in_flight_time_ = displaced.time;
  taken_out_.clear();
  const bool fresh = fetch(line, requester);
  evict(0, line);
  return fresh;
}

// Brings a line that the first level missed from wherever it is through the levels between.
bool LruHierarchy::fetch(uint64_t line, Requester requester) {
  size_t level = 1;
  bool missed = true;
  for (; level < level_count_ && missed; ++level) {
    LevelTraffic& traffic = counts(level, requester.buffer);
    missed = look_up(level, line);
    count_lookups(traffic, requester.is_write, 1);
    count_misses(traffic, requester.is_write, missed);
    traffic.fills += missed && containment(level) != Containment::kVictim;
  }
  const bool fresh = missed && fetch_from_dram(line, requester);
  // As a line comes up from below, the lowest level makes room first.
  while (level-- > 1) {
    evict(level, line);
  }
  return fresh;
}

// Cachegrind's way: every level is looked up for what the first one missed.
void LruHierarchy::fetch_each_level(uint64_t line, Requester requester) {
  bool missed = true;
  for (size_t level = 1; level < level_count_; ++level) {
    LevelTraffic& traffic = counts(level, requester.buffer);
    missed = look_up(level, line);
    count_lookups(traffic, requester.is_write, 1);
    count_misses(traffic, requester.is_write, missed);
  }
  if (missed) {
    fetch_from_dram(line, requester);
  }
}

// True on a miss. What has to be evicted for the line is left in flight.
bool LruHierarchy::look_up(size_t level, uint64_t line) {
  if (containment(level) != Containment::kVictim) {
    const LruTouch outcome = cache(level).touch(line, 0);
    in_flight_[level] = outcome.missed != 0 ? outcome.displaced : kInvalidEntry;
    return outcome.missed != 0;
  }
  const LruEntry held = cache(level).remove(line);
  if (held == kInvalidEntry) {
    return true;
  }
  if (is_dirty(held)) {
    size_t above = level - 1;
    while (containment(above) == Containment::kVictim) {
      --above;
    }
    above == 0 ? first_level_.mark_dirty(line) : cache(above).mark_dirty(line);
  }
  return false;
}

// Returns whether the line was never referenced before.
bool LruHierarchy::fetch_from_dram(uint64_t line, Requester requester) {
  LevelTraffic& dram = counts(level_count_, requester.buffer);
  const bool fresh = seen_.mark(line);
  ++dram.reads;
  dram.compulsory_misses += fresh;
  return fresh;
}

// Passes on what the level displaced for the incoming line.
void LruHierarchy::evict(size_t level, uint64_t incoming) {
  LruEntry entry = in_flight_[level];
  in_flight_[level] = kInvalidEntry;
  if (entry == kInvalidEntry) {
    return;
  }
  if (containment(level) == Containment::kInclusive &&
      take_out_above(level, line_of(entry), incoming)) {
    entry |= 1;
  }
  if (is_dirty(entry)) {
    ++owner_counts(level, line_of(entry)).write_backs;
  }
  const size_t below = level + 1;
  if (below < level_count_ && containment(below) == Containment::kVictim) {
    put_in_victim_level(below, entry);
  } else if (is_dirty(entry)) {
    write_back(below, line_of(entry));
  }
}

// Takes a line that an inclusive level evicts out of the levels above; true if a copy was dirty.
// The level evicts before the levels above are filled, but here they have been filled already, each
// displacing its oldest line (in flight). Where that is the line to take out, it has left for good;
// where the line is still held, the one in flight need not have left.
bool LruHierarchy::take_out_above(size_t level, uint64_t line, uint64_t incoming) {
  bool dirty = take_out_of_first(line, incoming);
  for (size_t above = 1; above < level; ++above) {
    LruEntry& leaving = in_flight_[above];
    if (leaving != kInvalidEntry && line_of(leaving) == line) {
      dirty |= is_dirty(leaving);
      leaving = kInvalidEntry;
      continue;
    }
    const LruEntry held = cache(above).remove(line);
    if (held == kInvalidEntry) {
      continue;
    }
    dirty |= is_dirty(held);
    if (leaving != kInvalidEntry && cache(above).same_set(line, incoming)) {
      cache(above).restore_oldest(line, leaving);
      leaving = kInvalidEntry;
    }
  }
  return dirty;
}

bool LruHierarchy::take_out_of_first(uint64_t line, uint64_t incoming) {
  LruEntry& leaving = in_flight_[0];
  if (leaving != kInvalidEntry && line_of(leaving) == line) {
    const bool dirty = is_dirty(leaving);
    leaving = kInvalidEntry;
    return dirty;
  }
  const TimedEntry held = first_level_.remove(line);
  if (held.entry == kInvalidEntry) {
    return false;
  }
  taken_out_.push_back(line);
  if (leaving != kInvalidEntry &&
      first_level_.set_index(line) == first_level_.set_index(incoming)) {
    first_level_.put_back(line, {leaving, in_flight_time_});
    leaving = kInvalidEntry;
  }
  return is_dirty(held.entry);
}

void LruHierarchy::put_in_victim_level(size_t level, LruEntry entry) {
  const uint64_t line = line_of(entry);
  ++owner_counts(level, line).fills;
  in_flight_[level] = cache(level).touch(line, entry & 1).displaced;
  evict(level, line);
}

void LruHierarchy::write_back(size_t to_level, uint64_t line) {
  size_t level = to_level;
  while (level < level_count_ && !cache(level).mark_dirty(line)) {
    ++level;
  }
  ++owner_counts(level, line).updates;
}

void LruHierarchy::touch(uint64_t first, uint64_t last, Requester requester) {
  if (first == last) {
    const TimedTouch outcome =
        first_level_.touch(first, requester.is_write && writes_back_ ? 1 : 0);
    if (outcome.missed) {
      miss_first_level({static_cast<uint32_t>(first), outcome.displaced.entry, requester},
                       outcome.displaced.time);
    }
    return;
  }
  ++straddling_;
  if (model_ == CacheModel::kCachegrind) {
    straddle_cachegrind(first, last, requester);
    return;
  }
  bool missed = false;
  uint64_t fresh = 0;
  for (uint64_t line = first; line <= last; ++line) {
    const TimedTouch outcome = first_level_.touch(line, requester.is_write ? 1 : 0);
    if (outcome.missed) {
      missed = true;
      fresh += fill_first_level(line, outcome.displaced, requester);
    }
  }
  LevelTraffic& traffic = counts(0, requester.buffer);
  count_misses(traffic, requester.is_write, missed);
  traffic.compulsory_misses += fresh > 1 ? fresh - 1 : 0;
}

void LruHierarchy::straddle_cachegrind(uint64_t first, uint64_t last, Requester requester) {
  uint64_t fresh = 0;
  for (size_t level = 0; level < level_count_; ++level) {
    bool missed = false;
    for (uint64_t line = first; line <= last; ++line) {
      const bool missed_line =
          level == 0 ? first_level_.touch(line, 0).missed : look_up(level, line);
      missed |= missed_line;
      fresh += missed_line && level == 0 && seen_.mark(line);
    }
    LevelTraffic& traffic = counts(level, requester.buffer);
    count_lookups(traffic, requester.is_write, level > 0);
    count_misses(traffic, requester.is_write, missed);
    if (missed && level + 1 == level_count_) {
      ++counts(level_count_, requester.buffer).reads;
    }
    if (!missed && level == 0) {
      return;
    }
  }
  counts(level_count_, requester.buffer).compulsory_misses += fresh;
  counts(0, requester.buffer).compulsory_misses += fresh > 1 ? fresh - 1 : 0;
}

}  // namespace wattgrind
