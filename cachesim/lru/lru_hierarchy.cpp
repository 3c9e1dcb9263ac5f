#include "cachesim/lru/lru_hierarchy.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "estimator/base/error.h"

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
  return std::ranges::all_of(config.levels,
                             [](const LevelConfig& level) {
                               return level.replacement == Replacement::kLru &&
                                      level.geometry.line_bytes <= kMaxLineBytes;
                             }) &&
         config.levels[0].geometry.ways <= FirstLevel::kMaxWays;
}

bool LruHierarchy::can_replay(const HierarchyConfig& config) {
  const bool second_is_victim =
      config.levels.size() > 1 && config.levels[1].containment == Containment::kVictim;
  return can_simulate(config) && !second_is_victim;
}

LruHierarchy::LruHierarchy(const HierarchyConfig& config)
    : model_(config.model),
      writes_back_(config.model == CacheModel::kMachine),
      level_count_(config.levels.size()),
      first_level_(config.levels[0].geometry),
      in_flight_(config.levels.size()) {
  CHECK(can_simulate(config), "{} levels", config.levels.size());
  for (size_t level = 1; level < level_count_; ++level) {
    levels_.push_back(
        {StampedCache(config.levels[level].geometry), config.levels[level].containment});
    reaches_up_ = reaches_up_ || containment(level) == Containment::kInclusive;
  }
  reaches_up_ = reaches_up_ || (level_count_ > 1 && containment(1) == Containment::kVictim);
  for (size_t level = 0; level < level_count_; ++level) {
    const bool is_above_victim =
        level + 1 < level_count_ && containment(level + 1) == Containment::kVictim;
    evicts_clean_lines_.push_back(is_above_victim || containment(level) == Containment::kInclusive);
  }
}

void LruHierarchy::start_program(const LineOwners& owners, size_t buffers) {
  CHECK(passed_on_ == log_.size(), "{} misses not passed on", log_.size() - passed_on_);
  for (size_t buffer = 0; buffer < buffers; ++buffer) {
    if (const auto lines = owners.lines(buffer)) {
      for (Level& level : levels_) {
        level.cache.cover(lines->last);
      }
    }
  }
  owners_ = &owners;
  owners_size_ = buffers + 1;
  missed_.assign(level_count_ * 2 * owners_size_, 0);
  fetched_.assign(2 * owners_size_, {});
  compulsory_.assign(2 * owners_size_, 0);
  repeated_compulsory_ = compulsory_;
  repeated_misses_ = compulsory_;
  counts_.assign((level_count_ + 1) * owners_size_, {});
}

void LruHierarchy::add_counts_to(ProgramTraffic& traffic) const {
  const auto add = [&](size_t buffer, BufferTraffic& out) {
    const LevelTraffic& dram = counts_[level_count_ * owners_size_ + buffer];
    out.dram_reads += dram.reads;
    out.dram_writes += dram.updates;
    for (size_t level = 0; level < level_count_; ++level) {
      out.levels[level] += counts_[level * owners_size_ + buffer];
    }
    add_misses(buffer, out);
    out.levels[0].reads = out.references.reads;
    out.levels[0].writes = out.references.writes;
  };
  for (size_t buffer = 0; buffer < traffic.buffers.size(); ++buffer) {
    add(buffer, traffic.buffers[buffer]);
  }
  add(traffic.buffers.size(), traffic.elsewhere);
}

void LruHierarchy::add_misses(size_t buffer, BufferTraffic& out) const {
  for (const bool is_write : {false, true}) {
    const size_t requester = buffer * 2 + is_write;
    uint64_t looked_up = 0;
    for (size_t level = 0; level < level_count_; ++level) {
      LevelTraffic& traffic = out.levels[level];
      uint64_t misses = missed_[level * 2 * owners_size_ + requester];
      if (level == 0) {
        misses = std::accumulate(fetched_[requester].begin(), fetched_[requester].end(), misses);
      }
      count_lookups(traffic, is_write, looked_up);
      count_misses(traffic, is_write, level == 0 ? misses - repeated_misses_[requester] : misses);
      traffic.compulsory_misses += compulsory_[requester];
      if (level == 0 || model_ == CacheModel::kCachegrind) {
        traffic.compulsory_misses -= repeated_compulsory_[requester];
      }
      if (model_ == CacheModel::kMachine && containment(level) != Containment::kVictim) {
        traffic.fills += misses;
      }
      looked_up = level == 0 || model_ == CacheModel::kMachine ? misses : looked_up;
    }
    out.dram_reads += missed_[(level_count_ - 1) * 2 * owners_size_ + requester];
  }
}

void LruHierarchy::keep_log() {
  pass_on();
  log_.clear();
  passed_on_ = 0;
  keeps_log_ = true;
}

void LruHierarchy::stop_keeping_log() {
  keeps_log_ = false;
  pass_on();
}

void LruHierarchy::pass_on() {
  pass_on(log_.misses().subspan(passed_on_));
  passed_on_ = log_.size();
  make_room_in_log();
}

void LruHierarchy::make_room_in_log() {
  keeps_log_ = keeps_log_ && log_.size() < kLongestLog;
  if (!keeps_log_) {
    log_.clear();
    passed_on_ = 0;
  } else if (log_.is_full()) {
    log_.grow();
  }
}

void LruHierarchy::pass_on(std::span<const FirstLevelMiss> misses) {
  if (model_ == CacheModel::kCachegrind) {
    fetch_each_level(misses);
    return;
  }
  const bool holds_more = level_count_ > 1 && containment(1) != Containment::kVictim;
  for (const FirstLevelMiss& miss : misses) {
    if (miss.is_dirtied()) {
      continue;
    }
    if (passed_on_already_ != 0) {
      skip_miss(miss);
      continue;
    }
    taken_out_.clear();
    // What most misses come to.
    if (holds_more && !is_dirty(miss.displaced) && cache(1).touch_held(miss.line)) {
      ++missed(0, miss.requester());
      continue;
    }
    fill_first_level(miss.line, miss.displaced, miss.displaced_time, miss.requester());
  }
}

void LruHierarchy::resume_after(uint64_t misses, std::vector<uint64_t> taken_out) {
  passed_on_already_ = misses;
  taken_out_already_ = std::move(taken_out);
}

void LruHierarchy::skip_miss(const FirstLevelMiss& miss) {
  taken_out_.clear();
  if (--passed_on_already_ != 0) {
    return;
  }
  in_flight_[0] = {miss.displaced, miss.displaced_time};
  for (const uint64_t line : taken_out_already_) {
    take_out_of_first(line, miss.line);
  }
  in_flight_[0] = {};
}

// Brings a line that the first level missed from wherever it is through the levels between. Returns
// whether it was never referenced before.
bool LruHierarchy::fill_first_level(uint64_t line, LruEntry displaced, UseTime displaced_time,
                                    size_t requester) {
  in_flight_.data()[0] = {displaced, displaced_time};
  ++missed(0, requester);
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
    ++missed(level, requester);
  }
  const bool fresh = level == level_count_ && mark_seen(line, requester);
  // As a line comes up from below, the lowest level makes room first.
  while (level-- > 0) {
    pass_on(level, line);
  }
  return fresh;
}

// Cachegrind's way: every level is looked up for what the first one missed, and none knows of the
// others.
void LruHierarchy::fetch_each_level(std::span<const FirstLevelMiss> misses) {
  const auto on_missed = [&](size_t level) {
    return [this, counts = &missed(level, 0),
            is_last = level + 1 == level_count_](const FirstLevelMiss& miss) {
      ++counts[miss.requester()];
      if (is_last) {
        mark_seen(miss.line, miss.requester());
      }
    };
  };
  if (level_count_ == 1) {
    std::ranges::for_each(misses, on_missed(0));
    return;
  }
  count_fetched(misses);
  for (size_t level = 1; level < level_count_; ++level) {
    cache(level).touch_all(misses, on_missed(level));
  }
}

// Several counters take turns: each addition to one waits for the one before.
void LruHierarchy::count_fetched(std::span<const FirstLevelMiss> misses) {
  auto* const counters = fetched_.data();
  const size_t whole = misses.size() / kTurns * kTurns;
  for (size_t i = 0; i < whole; i += kTurns) {
#pragma GCC unroll 4
    for (size_t turn = 0; turn < kTurns; ++turn) {
      ++counters[misses[i + turn].requester()][turn];
    }
  }
  for (size_t i = whole; i < misses.size(); ++i) {
    ++counters[misses[i].requester()][0];
  }
}

// False where it is not held.
bool LruHierarchy::take_from_victim_level(size_t level, uint64_t line) {
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

// Returns whether the line was never referenced before.
bool LruHierarchy::mark_seen(uint64_t line, size_t requester) {
  const bool fresh = seen_.mark(line);
  compulsory_.data()[requester] += fresh;
  return fresh;
}

// Passes on what the level displaced for the incoming line.
inline void LruHierarchy::pass_on(size_t level, uint64_t incoming) {
  const LruEntry entry = in_flight_.data()[level].entry();
  in_flight_.data()[level] = {};
  if (entry != kInvalidEntry && (is_dirty(entry) || evicts_clean_lines_.data()[level] != 0)) {
    evict(level, entry, incoming);
  }
}

void LruHierarchy::evict(size_t level, LruEntry entry, uint64_t incoming) {
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

bool LruHierarchy::take_out_of_first(uint64_t line, uint64_t incoming) {
  TimedEntry& leaving = in_flight_[0];
  if (leaving.is_valid() && line_of(leaving.entry()) == line) {
    const bool dirty = is_dirty(leaving.entry());
    leaving = {};
    return dirty;
  }
  const TimedEntry held = first_level_.remove(line);
  if (!held.is_valid()) {
    return false;
  }
  taken_out_.push_back(line);
  ++invalidations_;
  if (leaving.is_valid() && first_level_.set_index(line) == first_level_.set_index(incoming)) {
    first_level_.put_back(line, leaving);
    leaving = {};
  }
  return is_dirty(held.entry());
}

void LruHierarchy::put_in_victim_level(size_t level, LruEntry entry) {
  const uint64_t line = line_of(entry);
  ++owner_counts(level, line).fills;
  in_flight_[level] = cache(level).touch(line, entry & 1).displaced;
  pass_on(level, line);
}

void LruHierarchy::write_back(size_t to_level, uint64_t line) {
  size_t level = to_level;
  while (level < level_count_ && !cache(level).mark_dirty(line)) {
    ++level;
  }
  ++owner_counts(level, line).updates;
}

void LruHierarchy::touch(uint64_t first, uint64_t last, Requester requester) {
  const uint32_t dirty = requester.is_write && writes_back_ ? 1 : 0;
  if (first == last) {
    const TimedTouch outcome = first_level_.touch(first, dirty, first_level_.reserve(1) + 1);
    if (outcome.missed) {
      miss_first_level({static_cast<uint32_t>(first), outcome.displaced.entry(),
                        outcome.displaced.time(),
                        FirstLevelMiss::tag_of(requester.index(), dirty != 0)});
    } else if (outcome.dirtied) {
      dirty_first_level(first);
    }
    return;
  }
  pass_on();
  ++straddling_;
  if (model_ == CacheModel::kCachegrind) {
    straddle_cachegrind(first, last, requester);
    return;
  }
  taken_out_.clear();
  uint64_t missed_lines = 0, fresh = 0;
  for (uint64_t line = first; line <= last; ++line) {
    const TimedTouch outcome = first_level_.touch(line, dirty, first_level_.reserve(1) + 1);
    if (outcome.missed) {
      ++missed_lines;
      fresh += fill_first_level(line, outcome.displaced.entry(), outcome.displaced.time(),
                                requester.index());
    }
  }
  repeated_misses_[requester.index()] += missed_lines > 1 ? missed_lines - 1 : 0;
  repeated_compulsory_[requester.index()] += fresh > 1 ? fresh - 1 : 0;
}

void LruHierarchy::straddle_cachegrind(uint64_t first, uint64_t last, Requester requester) {
  uint64_t fresh = 0;
  for (size_t level = 0; level < level_count_; ++level) {
    bool missed = false;
    for (uint64_t line = first; line <= last; ++line) {
      const bool missed_line = level == 0
                                   ? first_level_.touch(line, 0, first_level_.reserve(1) + 1).missed
                                   : cache(level).touch(line, 0).missed;
      missed |= missed_line;
      fresh += missed_line && level == 0 && mark_seen(line, requester.index());
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
  repeated_compulsory_[requester.index()] += fresh > 1 ? fresh - 1 : 0;
}

}  // namespace wattgrind
