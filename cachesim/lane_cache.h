// One set-associative LRU cache for many lines at a time.
//
// The sets of sixteen lines that follow each other from a multiple of sixteen lie side by side
// (lane_kernels.h), so such lines are looked up, put in and evicted together, whatever happens in
// each. Holds exactly what cache.h with LRU holds after the same uses in any order that agrees set
// by set. Sets must be a multiple of sixteen; blocks (lines / 16) must be below kBlockLimit.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "cachesim/lane_kernels.h"
#include "estimator/machine.h"

namespace wattgrind {

class LaneCache {
 public:
  static constexpr uint64_t kBlockLimit = kInvalidTag >> 1;

  explicit LaneCache(const CacheGeometry& geometry)
      : groups_(static_cast<uint32_t>(geometry.sets() / kLanes)),
        group_mask_(std::has_single_bit(groups_) ? groups_ - 1 : 0),
        ways_(geometry.ways),
        kernels_(lane_kernels()),
        rows_(size_t{groups_} * ways_) {
    for (LaneRow& row : rows_) {
      std::fill_n(row.lane, kLanes, kInvalidTag);
    }
  }

  // True if the line is the most recently used of its set already; then it is touched, and marked
  // dirty if asked. False changes nothing.
  bool touch_newest(uint64_t block, uint32_t lane, bool dirty) {
    LaneTag& newest = group(block)->lane[lane];
    if (newest >> 1 != block) {
      return false;
    }
    newest |= static_cast<LaneTag>(dirty);
    return true;
  }

  LaneTouch touch(uint64_t block, uint32_t lanes, uint32_t dirty_lanes, LaneRow& evicted) {
    return kernels_.touch(group(block), ways_, tag(block), lanes, dirty_lanes, &evicted);
  }
  LaneFound remove(uint64_t block, uint32_t lanes) {
    return kernels_.remove(group(block), ways_, tag(block), lanes);
  }
  uint16_t mark_dirty(uint64_t block, uint32_t lanes) {
    return kernels_.mark_dirty(group(block), ways_, tag(block), lanes);
  }

  // Puts an entry of the block's group back as the least recently used of its set, which has just
  // lost a line.
  void restore_oldest(uint64_t block, uint32_t lane, LaneTag entry) {
    group(block)[ways_ - 1].lane[lane] = entry;
  }

  bool same_sets(uint64_t block, uint64_t other) { return group(block) == group(other); }

  std::vector<LaneRow>& rows() { return rows_; }
  const std::vector<LaneRow>& rows() const { return rows_; }

 private:
  static LaneTag tag(uint64_t block) { return static_cast<LaneTag>(block << 1); }
  LaneRow* group(uint64_t block) {
    const auto number = static_cast<uint32_t>(block);
    const uint32_t index = group_mask_ + 1 == groups_ ? number & group_mask_ : number % groups_;
    return rows_.data() + size_t{index} * ways_;
  }

  uint32_t groups_;
  uint32_t group_mask_;  // groups_ - 1 where that is a power of two
  uint32_t ways_;
  LaneKernels kernels_;
  std::vector<LaneRow> rows_;  // [group][way]
};

}  // namespace wattgrind
