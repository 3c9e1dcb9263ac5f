// The hierarchies of hierarchy.h, both models, with LRU at every level: quick, and for whole runs
// of lines at a time. Counts are equal to those of hierarchy.h.
//
// Lines whose numbers differ modulo independent_lines() share no set at any level, so what happens
// to one never depends on the other and the order of their references does not matter.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/hierarchy_config.h"
#include "cachesim/line_owners.h"
#include "cachesim/lru_cache.h"
#include "cachesim/seen_lines.h"
#include "cachesim/traffic.h"

namespace wattgrind {

// Whom to count a look-up for.
struct Requester {
  uint32_t buffer = 0;
  bool is_write = false;
};

// A look-up that the first level missed, and what it gave up for the line.
struct FirstLevelMiss {
  uint32_t line = 0;
  LruEntry displaced = kInvalidEntry;
  Requester requester;
};

class LruHierarchy {
 public:
  // True where every level is LRU of at most kMaxLruWays ways, with lines of at most 64 KiB.
  static bool can_simulate(const HierarchyConfig& config);

  // True where, besides, what the first level holds never depends on the levels below: no inclusive
  // level takes lines out of it, no victim level just below hands dirty lines up to it.
  static bool can_replay(const HierarchyConfig& config);

  explicit LruHierarchy(const HierarchyConfig& config);  // a valid one it can simulate

  // Counts start again, for the buffers of `owners`, which must outlive what follows.
  void start_program(const LineOwners& owners, size_t buffers);

  // Adds what was counted since start_program to traffic, which has the references already.
  void add_counts_to(ProgramTraffic& traffic) const;

  // One reference within a line. `dirties`: a write is among what it stands for.
  void touch(uint64_t line, Requester requester, bool dirties) {
    const uint32_t dirty = dirties && writes_back_ ? 1 : 0;
    if (levels_[0].cache.touch_newest(line, dirty)) {
      return;
    }
    const LruTouch outcome = levels_[0].cache.touch(line, dirty);
    if (outcome.missed != 0) {
      miss_first_level({static_cast<uint32_t>(line), outcome.displaced, requester});
    }
  }

  // One reference to each of the `count` lines from `line` on, no two of which share a set.
  void touch_run(uint64_t line, uint32_t count, Requester requester, bool dirties);

  // One reference to all lines from first to last.
  void touch_straddling(uint64_t first, uint64_t last, Requester requester);

  // How many lines inclusive levels have taken out of the first level so far.
  uint64_t invalidations() const { return invalidations_; }

  // Where misses of the first level are appended from now on, until it holds kLongestLog of them;
  // null for nowhere.
  static constexpr size_t kLongestLog = 1u << 23;
  void log_misses(std::vector<FirstLevelMiss>* log) { log_ = log; }

  // Counts a miss of the first level and passes it on, leaving the first level as it is.
  void miss_first_level(const FirstLevelMiss& miss);

  LruCache& first_level() { return levels_[0].cache; }

  // References to several lines so far; their misses are not logged.
  uint64_t straddling() const { return straddling_; }

  uint32_t independent_lines() const { return independent_lines_; }
  uint32_t first_level_ways() const { return first_level_ways_; }

 private:
  struct Level {
    LruCache cache;
    Containment containment;
  };

  LevelTraffic& counts(size_t level, size_t buffer) {
    return counts_[level * owners_size_ + buffer];
  }
  LevelTraffic& owner_counts(size_t level, uint64_t line) {
    return counts(level, owners_->owner(line));
  }
  bool fill_first_level(uint64_t line, LruEntry displaced, Requester requester);
  bool fetch(uint64_t line, Requester requester);
  void fetch_each_level(uint64_t line, Requester requester);
  bool look_up(size_t level, uint64_t line);
  bool fetch_from_dram(uint64_t line, Requester requester);
  void evict(size_t level, uint64_t incoming);
  bool take_out_above(size_t level, uint64_t line, uint64_t incoming);
  void put_in_victim_level(size_t level, LruEntry entry);
  void write_back(size_t to_level, uint64_t line);
  void straddle_cachegrind(uint64_t first, uint64_t last, Requester requester);

  CacheModel model_;
  bool writes_back_;
  uint32_t independent_lines_ = 0;
  uint32_t first_level_ways_ = 0;
  std::vector<Level> levels_;
  // By level: what it displaced for the line under way and has not passed on yet.
  std::vector<LruEntry> in_flight_;
  SeenLines seen_;
  uint64_t invalidations_ = 0;
  uint64_t straddling_ = 0;
  std::vector<FirstLevelMiss>* log_ = nullptr;

  const LineOwners* owners_ = nullptr;
  size_t owners_size_ = 0;  // buffers and one for lines elsewhere
  // [level][buffer]; DRAM is a level of its own whose reads are lines fetched and whose updates are
  // lines written back. The look-ups of the first level are not counted here, and its compulsory
  // misses are those to subtract: the second and further lines of one straddling reference.
  std::vector<LevelTraffic> counts_;
};

}  // namespace wattgrind
