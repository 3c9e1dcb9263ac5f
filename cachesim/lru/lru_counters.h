// The counters of an LRU hierarchy, and what they add up to.
//
// Most of what happens is a line missed by one level after the other. It is counted once a level
// and requester, and look-ups, fills and fetches from DRAM follow from it: a level is looked up for
// what the level above missed. Only what does not follow is counted on its own.
//
// start_program() comes first; then counts may be made in any order; add_to() may be called at any
// time and changes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/first_level_miss.h"
#include "cachesim/model/hierarchy_config.h"
#include "cachesim/model/seen_lines.h"
#include "cachesim/model/traffic.h"
#include "cachesim/program/line_owners.h"

namespace wattgrind {

class LruCounters {
 public:
  explicit LruCounters(const HierarchyConfig& config);

  // All counts start again at 0, for the buffers of `owners`, which must outlive what follows.
  // Lines that were marked as seen stay so.
  void start_program(const LineOwners& owners, size_t buffers);

  // Adds the counts to `traffic`, which must have the references already.
  void add_to(ProgramTraffic& traffic) const;

  // The lines which the level was looked up for and did not hold, of one requester's index and
  // those that follow.
  uint64_t& missed(size_t level, size_t requester) {
    return missed_.data()[level * 2 * owners_size_ + requester];
  }

  // Counts all of these as missed by the first level.
  void count_first_level(std::span<const FirstLevelMiss> misses);

  // Counts the line as a compulsory miss, and returns true, where it was never referenced before.
  bool mark_seen(uint64_t line, size_t requester) {
    const bool is_new = seen_.mark(line);
    compulsory_.data()[requester] += is_new;
    return is_new;
  }

  // Does the same for `count` lines that follow each other.
  void mark_all_seen(uint64_t line, uint32_t count, size_t requester) {
    compulsory_.data()[requester] += seen_.mark_all(line, count);
  }

  // Says that so many of the lines counted as missed by the first level, and so many of those
  // counted as compulsory, belong to one reference to several lines, which is one miss.
  void merge_into_one_miss(size_t requester, uint64_t missed_lines, uint64_t compulsory_lines);

  // What does not follow from lines missed. DRAM is the level below the last; its updates are the
  // lines written back to it.
  LevelTraffic& of_buffer(size_t level, size_t buffer) {
    return counts_[level * owners_size_ + buffer];
  }
  LevelTraffic& of_owner(size_t level, uint64_t line) {
    return of_buffer(level, owners_->owner(line));
  }

 private:
  static constexpr size_t kTurns = 4;

  void add_misses(size_t buffer, BufferTraffic& out) const;

  CacheModel model_;
  std::vector<Containment> containments_;  // by level
  SeenLines seen_;
  const LineOwners* owners_ = nullptr;
  size_t owners_size_ = 0;  // the buffers, and one for lines elsewhere

  std::vector<uint64_t> missed_;  // [level][requester]
  // [requester][turn]: what count_first_level counted. Its counters take turns.
  std::vector<std::array<uint64_t, kTurns>> first_level_missed_;
  std::vector<uint64_t> compulsory_;  // [requester]
  // [requester]: the lines that are no misses of their own, as merge_into_one_miss says.
  std::vector<uint64_t> merged_misses_, merged_compulsory_;
  std::vector<LevelTraffic> counts_;  // [level][buffer]
};

// Adds look-ups or misses to the reads or to the writes of a level.
void count_lookups(LevelTraffic& level, bool is_write, uint64_t lookups);
void count_misses(LevelTraffic& level, bool is_write, uint64_t misses);

}  // namespace wattgrind
