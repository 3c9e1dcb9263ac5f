#include "cachesim/lane_hierarchy.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "estimator/error.h"

namespace wattgrind {
namespace {

constexpr uint32_t kMaxLineBytes = 1u << 16;

uint64_t count(uint32_t lanes) { return static_cast<uint64_t>(std::popcount(lanes)); }

// Calls visit(block, lanes) for each block among the entries in `lanes`.
template <typename Visit>
void for_each_block(const LaneRow& entries, uint32_t lanes, Visit visit) {
  while (lanes != 0) {
    const LaneTag tag = entries.lane[std::countr_zero(lanes)] | 1;
    uint32_t same = 0;
    for (uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      same |= static_cast<uint32_t>((entries.lane[lane] | 1) == tag) << lane;
    }
    visit(uint64_t{tag >> 1}, same);
    lanes &= ~same;
  }
}

// Calls visit(buffer) for the owner of each line.
template <typename Visit>
void for_each_owner(const LineOwners& owners, uint64_t block, uint32_t lanes, Visit visit) {
  for (; lanes != 0; lanes &= lanes - 1) {
    visit(owners.owner(block * kLanes + static_cast<uint64_t>(std::countr_zero(lanes))));
  }
}

void count_lookups(LevelTraffic& level, bool is_write, uint64_t lookups) {
  (is_write ? level.writes : level.reads) += lookups;
}

void count_misses(LevelTraffic& level, bool is_write, uint64_t misses) {
  (is_write ? level.write_misses : level.read_misses) += misses;
}

}  // namespace

bool LaneHierarchy::can_simulate(const HierarchyConfig& config) {
  return std::ranges::all_of(config.levels, [](const LevelConfig& level) {
    return level.replacement == Replacement::kLru && level.geometry.sets() % kLanes == 0 &&
           level.geometry.line_bytes <= kMaxLineBytes;
  });
}

LaneHierarchy::LaneHierarchy(const HierarchyConfig& config)
    : model_(config.model),
      writes_back_(config.model == CacheModel::kMachine),
      first_level_ways_(config.levels[0].geometry.ways),
      in_flight_(config.levels.size()) {
  CHECK(can_simulate(config), "{} levels", config.levels.size());
  uint64_t independent = 0;
  for (const LevelConfig& level : config.levels) {
    levels_.push_back({LaneCache(level.geometry), level.containment});
    independent = std::gcd(independent, level.geometry.sets());
  }
  independent_lines_ = static_cast<uint32_t>(independent);
}

void LaneHierarchy::start_program(const LineOwners& owners, size_t buffers) {
  owners_ = &owners;
  owners_size_ = buffers + 1;
  counts_.assign((levels_.size() + 1) * owners_size_, {});
}

void LaneHierarchy::add_counts_to(ProgramTraffic& traffic) const {
  const auto add = [&](size_t buffer, BufferTraffic& out) {
    const LevelTraffic& dram = counts_[levels_.size() * owners_size_ + buffer];
    out.dram_reads += dram.reads;
    out.dram_writes += dram.updates;
    const uint64_t repeated = counts_[buffer].compulsory_misses;
    for (size_t level = 0; level < levels_.size(); ++level) {
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

void LaneHierarchy::miss_first_level(uint64_t block, LaneTouch outcome, Requester requester) {
  count_misses(counts(0, requester.buffer), requester.is_write, count(outcome.missed));
  if (model_ == CacheModel::kCachegrind) {
    fetch_each_level(block, outcome.missed, requester);
  } else {
    fill_first_level(block, outcome, requester);
  }
}

// Returns the lines never referenced before.
uint32_t LaneHierarchy::fill_first_level(uint64_t block, LaneTouch outcome, Requester requester) {
  in_flight_[0].lanes = outcome.evicted;
  in_flight_[0].dirty = outcome.evicted_dirty;
  counts(0, requester.buffer).fills += count(outcome.missed);
  const uint32_t fresh = fetch(block, outcome.missed, requester);
  evict(0, block);
  return fresh;
}

// Brings lines that the first level missed from wherever they are through the levels between.
uint32_t LaneHierarchy::fetch(uint64_t block, uint32_t lanes, Requester requester) {
  size_t level = 1;
  for (; level < levels_.size() && lanes != 0; ++level) {
    LevelTraffic& traffic = counts(level, requester.buffer);
    count_lookups(traffic, requester.is_write, count(lanes));
    lanes = look_up(level, block, lanes);
    count_misses(traffic, requester.is_write, count(lanes));
    if (levels_[level].containment != Containment::kVictim) {
      traffic.fills += count(lanes);
    }
  }
  const uint32_t fresh = lanes != 0 ? fetch_from_dram(block, lanes, requester) : 0;
  // As lines come up from below, the lowest level makes room first.
  while (level-- > 1) {
    evict(level, block);
  }
  return fresh;
}

// Cachegrind's way: every level is looked up for what the first one missed.
uint32_t LaneHierarchy::fetch_each_level(uint64_t block, uint32_t lanes, Requester requester) {
  uint32_t missed = lanes;
  for (size_t level = 1; level < levels_.size(); ++level) {
    LevelTraffic& traffic = counts(level, requester.buffer);
    count_lookups(traffic, requester.is_write, count(lanes));
    missed = look_up(level, block, lanes);
    count_misses(traffic, requester.is_write, count(missed));
  }
  return missed != 0 ? fetch_from_dram(block, missed, requester) : 0;
}

// Returns the lanes that missed. What has to be evicted for them is left in flight.
uint32_t LaneHierarchy::look_up(size_t level, uint64_t block, uint32_t lanes) {
  Evicted& evicted = in_flight_[level];
  if (levels_[level].containment != Containment::kVictim) {
    const LaneTouch outcome = levels_[level].cache.touch(block, lanes, 0, evicted.entries);
    evicted.lanes = outcome.evicted;
    evicted.dirty = outcome.evicted_dirty;
    return outcome.missed;
  }
  evicted.lanes = evicted.dirty = 0;
  const LaneFound found = levels_[level].cache.remove(block, lanes);
  if (found.dirty != 0) {
    size_t above = level - 1;
    while (levels_[above].containment == Containment::kVictim) {
      --above;
    }
    levels_[above].cache.mark_dirty(block, found.dirty);
  }
  return lanes & ~uint32_t{found.held};
}

uint32_t LaneHierarchy::fetch_from_dram(uint64_t block, uint32_t lanes, Requester requester) {
  LevelTraffic& dram = counts(levels_.size(), requester.buffer);
  const uint32_t fresh = seen_.mark(block, lanes);
  dram.reads += count(lanes);
  dram.compulsory_misses += count(fresh);
  return fresh;
}

void LaneHierarchy::evict(size_t level, uint64_t incoming_block) {
  Evicted& evicted = in_flight_[level];
  if (evicted.lanes == 0) {
    return;
  }
  if (levels_[level].containment == Containment::kInclusive) {
    take_out_above(level, incoming_block);
  }
  for_each_block(evicted.entries, evicted.dirty, [&](uint64_t block, uint32_t lanes) {
    for_each_owner(*owners_, block, lanes,
                   [&](size_t buffer) { ++counts(level, buffer).write_backs; });
  });
  const size_t below = level + 1;
  if (below < levels_.size() && levels_[below].containment == Containment::kVictim) {
    for_each_block(evicted.entries, evicted.lanes, [&](uint64_t block, uint32_t lanes) {
      put_in_victim_level(below, block, lanes, lanes & evicted.dirty);
    });
  } else {
    for_each_block(evicted.entries, evicted.dirty,
                   [&](uint64_t block, uint32_t lanes) { write_back(below, block, lanes); });
  }
  evicted.lanes = evicted.dirty = 0;
}

// An inclusive level evicts before the levels above are filled; here they have been filled
// already, each evicting its oldest line (in flight). Where the line to take out is the one in
// flight, it has left for good; where it is still held, the one in flight need not have left.
void LaneHierarchy::take_out_above(size_t level, uint64_t incoming_block) {
  Evicted& evicted = in_flight_[level];
  for_each_block(evicted.entries, evicted.lanes, [&](uint64_t block, uint32_t lanes) {
    for (size_t above = 0; above < level; ++above) {
      LaneCache& cache = levels_[above].cache;
      Evicted& leaving = in_flight_[above];
      const LaneFound found = cache.remove(block, lanes);
      evicted.dirty |= found.dirty;
      invalidations_ += above == 0 && found.held != 0;
      for (uint32_t rest = lanes & leaving.lanes; rest != 0; rest &= rest - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(rest));
        const uint32_t bit = 1u << lane;
        const LaneTag entry = leaving.entries.lane[lane];
        const bool is_leaving = entry >> 1 == block;
        const bool makes_room = (found.held & bit) != 0 && cache.same_sets(block, incoming_block);
        if (is_leaving) {
          evicted.dirty |= leaving.dirty & bit;
        } else if (makes_room) {
          cache.restore_oldest(block, lane, entry);
        }
        if (is_leaving || makes_room) {
          leaving.lanes &= ~bit;
          leaving.dirty &= ~bit;
        }
      }
    }
  });
}

void LaneHierarchy::put_in_victim_level(size_t level, uint64_t block, uint32_t lanes,
                                        uint32_t dirty) {
  for_each_owner(*owners_, block, lanes, [&](size_t buffer) { ++counts(level, buffer).fills; });
  Evicted& evicted = in_flight_[level];
  const LaneTouch outcome = levels_[level].cache.touch(block, lanes, dirty, evicted.entries);
  evicted.lanes = outcome.evicted;
  evicted.dirty = outcome.evicted_dirty;
  evict(level, block);
}

void LaneHierarchy::write_back(size_t to_level, uint64_t block, uint32_t lanes) {
  for (size_t level = to_level; level < levels_.size() && lanes != 0; ++level) {
    const uint32_t held = levels_[level].cache.mark_dirty(block, lanes);
    for_each_owner(*owners_, block, held, [&](size_t buffer) { ++counts(level, buffer).updates; });
    lanes &= ~held;
  }
  for_each_owner(*owners_, block, lanes,
                 [&](size_t buffer) { ++counts(levels_.size(), buffer).updates; });
}

void LaneHierarchy::touch_straddling(uint64_t first, uint64_t last, Requester requester) {
  if (model_ == CacheModel::kCachegrind) {
    straddle_cachegrind(first, last, requester);
    return;
  }
  bool missed = false;
  uint64_t fresh = 0;
  for (uint64_t line = first; line <= last; ++line) {
    const uint32_t lane = 1u << (line % kLanes);
    const LaneTouch outcome = levels_[0].cache.touch(
        line / kLanes, lane, requester.is_write ? lane : 0, in_flight_[0].entries);
    if (outcome.missed != 0) {
      missed = true;
      fresh += count(fill_first_level(line / kLanes, outcome, requester));
    }
  }
  LevelTraffic& traffic = counts(0, requester.buffer);
  count_misses(traffic, requester.is_write, missed);
  traffic.compulsory_misses += fresh > 1 ? fresh - 1 : 0;
}

void LaneHierarchy::straddle_cachegrind(uint64_t first, uint64_t last, Requester requester) {
  uint64_t fresh = 0;
  for (size_t level = 0; level < levels_.size(); ++level) {
    bool missed = false;
    for (uint64_t line = first; line <= last; ++line) {
      const uint32_t lane = 1u << (line % kLanes);
      const bool missed_line = look_up(level, line / kLanes, lane) != 0;
      missed |= missed_line;
      if (missed_line && level == 0) {
        fresh += count(seen_.mark(line / kLanes, lane));
      }
    }
    LevelTraffic& traffic = counts(level, requester.buffer);
    count_lookups(traffic, requester.is_write, level > 0);
    count_misses(traffic, requester.is_write, missed);
    if (missed && level + 1 == levels_.size()) {
      ++counts(levels_.size(), requester.buffer).reads;
    }
    if (!missed && level == 0) {
      return;
    }
  }
  counts(levels_.size(), requester.buffer).compulsory_misses += fresh;
  counts(0, requester.buffer).compulsory_misses += fresh > 1 ? fresh - 1 : 0;
}

}  // namespace wattgrind
