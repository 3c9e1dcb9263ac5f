// The hierarchies of hierarchy.h, both models, for lines looked up sixteen at a time.
//
// Lines whose numbers differ modulo sixteen share no set at any level, so what happens to one of
// them never depends on the other: an operation on several lines of a block equals the same
// operations one after the other in any order. Counts are equal to those of hierarchy.h.
#pragma once

#include <cstdint>
#include <vector>

#include "cachesim/hierarchy_config.h"
#include "cachesim/lane_cache.h"
#include "cachesim/line_owners.h"
#include "cachesim/seen_lines.h"
#include "cachesim/traffic.h"

namespace wattgrind {

// Whom to count a look-up for.
struct Requester {
  uint32_t buffer = 0;
  bool is_write = false;
};

class LaneHierarchy {
 public:
  // True where this file is exact: every level LRU, its sets a multiple of sixteen, lines of at
  // most 64 KiB.
  static bool can_simulate(const HierarchyConfig& config);

  explicit LaneHierarchy(const HierarchyConfig& config);  // a valid one it can simulate

  // Counts start again, for the buffers of `owners`, which must outlive what follows.
  void start_program(const LineOwners& owners, size_t buffers);

  // Adds what was counted since start_program to traffic, which has the references already.
  void add_counts_to(ProgramTraffic& traffic) const;

  // One reference to each of the block's `lanes`; `dirties`: a write is among what it stands for.
  void touch(uint64_t block, uint32_t lanes, Requester requester, bool dirties) {
    const LaneTouch outcome = levels_[0].cache.touch(
        block, lanes, dirties && writes_back_ ? lanes : 0, in_flight_[0].entries);
    if (outcome.missed != 0) {
      miss_first_level(block, outcome, requester);
    }
  }

  void touch_line(uint64_t line, Requester requester, bool dirties) {
    const uint64_t block = line / kLanes;
    const uint32_t lane = line % kLanes;
    if (!levels_[0].cache.touch_newest(block, lane, dirties && writes_back_)) {
      touch(block, 1u << lane, requester, dirties);
    }
  }

  // One reference to all lines from first to last.
  void touch_straddling(uint64_t first, uint64_t last, Requester requester);

  // How many lines inclusive levels have taken out of the first level so far.
  uint64_t invalidations() const { return invalidations_; }

  // What the sets of every level are a multiple of: lines that differ modulo this share no set.
  uint32_t independent_lines() const { return independent_lines_; }
  uint32_t first_level_ways() const { return first_level_ways_; }

 private:
  struct Level {
    LaneCache cache;
    Containment containment;
  };
  // What a level gave up in the operation under way and has not passed on yet.
  struct Evicted {
    LaneRow entries;
    uint32_t lanes = 0;
    uint32_t dirty = 0;
  };

  LevelTraffic& counts(size_t level, size_t buffer) {
    return counts_[level * owners_size_ + buffer];
  }
  void miss_first_level(uint64_t block, LaneTouch outcome, Requester requester);
  uint32_t fill_first_level(uint64_t block, LaneTouch outcome, Requester requester);
  uint32_t fetch(uint64_t block, uint32_t lanes, Requester requester);
  uint32_t fetch_each_level(uint64_t block, uint32_t lanes, Requester requester);
  uint32_t look_up(size_t level, uint64_t block, uint32_t lanes);
  uint32_t fetch_from_dram(uint64_t block, uint32_t lanes, Requester requester);
  void evict(size_t level, uint64_t incoming_block);
  void take_out_above(size_t level, uint64_t incoming_block);
  void put_in_victim_level(size_t level, uint64_t block, uint32_t lanes, uint32_t dirty);
  void write_back(size_t to_level, uint64_t block, uint32_t lanes);
  void straddle_cachegrind(uint64_t first, uint64_t last, Requester requester);

  CacheModel model_;
  bool writes_back_;
  uint32_t independent_lines_ = 0;
  uint32_t first_level_ways_ = 0;
  std::vector<Level> levels_;
  std::vector<Evicted> in_flight_;  // by level
  SeenLines seen_;
  uint64_t invalidations_ = 0;

  const LineOwners* owners_ = nullptr;
  size_t owners_size_ = 0;  // buffers and one for lines elsewhere
  // [level][buffer]; DRAM is a level of its own whose reads are lines fetched and whose updates are
  // lines written back. The look-ups of the first level are not counted here, and its compulsory
  // misses are those to subtract: the second and further lines of one straddling reference.
  std::vector<LevelTraffic> counts_;
};

}  // namespace wattgrind
