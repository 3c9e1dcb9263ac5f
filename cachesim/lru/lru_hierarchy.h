// The hierarchies of reference_model.h, both models, with LRU at every level, quick. Counts are equal to
// those of reference_model.h.
//
// The first level is looked up by who walks a program (segment.h), the levels below here.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cachesim/lru/first_level.h"
#include "cachesim/lru/miss_log.h"
#include "cachesim/lru/stamped_cache.h"
#include "cachesim/model/hierarchy_config.h"
#include "cachesim/model/seen_lines.h"
#include "cachesim/model/traffic.h"
#include "cachesim/program/line_owners.h"

namespace wattgrind {

class LruHierarchy {
 public:
  // True where every level is LRU, the first of at most FirstLevel::kMaxWays ways, with lines of at
  // most 64 KiB.
  static bool can_simulate(const HierarchyConfig& config);

  // True where, besides, no victim level just below hands dirty lines up to the first one.
  static bool can_replay(const HierarchyConfig& config);

  explicit LruHierarchy(const HierarchyConfig& config);  // a valid one it can simulate

  // Counts start again, for the buffers of `owners`, which must outlive what follows.
  void start_program(const LineOwners& owners, size_t buffers);

  // Adds what was counted since start_program to traffic, which has the references already.
  void add_counts_to(ProgramTraffic& traffic) const;

  // One reference to all lines from first to last.
  void touch(uint64_t first, uint64_t last, Requester requester);

  // Lines that inclusive levels took out of the first one for the last miss.
  const std::vector<uint64_t>& taken_out() const { return taken_out_; }

  // A miss of the first level, which has put the line in for what it displaced. It is passed on at
  // once where the levels below reach up, and else with others later; counts know it then.
  void miss_first_level(const FirstLevelMiss& miss) {
    log_.append(miss);
    if (reaches_up_ || log_.is_full()) {
      pass_on();
    }
  }

  // Where `misses` of the first level may be written that are then said to have happened; null
  // where there is no room for them now, or where each must be passed on before the next.
  FirstLevelMiss* room_for_misses(size_t misses) {
    return !reaches_up_ && log_.room().size() >= misses ? log_.room().data() : nullptr;
  }
  void miss_first_level(size_t misses) {
    log_.append_written(misses);
    if (log_.is_full()) {
      pass_on();
    }
  }

  // Says that a line which the first level holds has become dirty.
  void dirty_first_level(uint64_t line) {
    if (keeps_log_ && reaches_up_) {
      log_.append(
          {static_cast<uint32_t>(line), kInvalidEntry, 0, FirstLevelMiss::tag_of(0, true, true)});
      if (log_.is_full()) {
        pass_on();
      }
    }
  }

  MissLog& log() { return log_; }

  // Passes on the misses that have not been yet.
  void pass_on();

  // From now on, misses stay in the log once they are passed on, until there are kLongestLog.
  void keep_log();
  static constexpr size_t kLongestLog = 1u << 23;
  bool log_is_whole() const { return keeps_log_; }
  void stop_keeping_log();

  // Counts misses and passes them on, and leaves the log alone.
  void pass_on(std::span<const FirstLevelMiss> misses);

  // The next `misses` misses of the first level have been counted and passed on already; for the
  // last of them `taken_out` were taken out of it.
  void resume_after(uint64_t misses, std::vector<uint64_t> taken_out);

  // How many lines inclusive levels have taken out of the first one so far.
  uint64_t invalidations() const { return invalidations_; }

  FirstLevel& first_level() { return first_level_; }

  // References to several lines so far; their misses are not logged.
  uint64_t straddling() const { return straddling_; }

  // True where levels below take lines out of the first one, or hand it dirty ones.
  bool reaches_up() const { return reaches_up_; }
  bool writes_back() const { return writes_back_; }

 private:
  struct Level {
    StampedCache cache;
    Containment containment;
  };
  StampedCache& cache(size_t level) { return levels_.data()[level - 1].cache; }
  Containment containment(size_t level) const {
    return level == 0 ? Containment::kNonInclusive : levels_.data()[level - 1].containment;
  }

  uint64_t& missed(size_t level, size_t requester) {
    return missed_.data()[level * 2 * owners_size_ + requester];
  }
  LevelTraffic& counts(size_t level, size_t buffer) {
    return counts_[level * owners_size_ + buffer];
  }
  LevelTraffic& owner_counts(size_t level, uint64_t line) {
    return counts(level, owners_->owner(line));
  }
  void make_room_in_log();
  void add_misses(size_t buffer, BufferTraffic& out) const;
  bool fill_first_level(uint64_t line, LruEntry displaced, UseTime displaced_time,
                        size_t requester);
  void fetch_each_level(std::span<const FirstLevelMiss> misses);
  void count_fetched(std::span<const FirstLevelMiss> misses);
  bool take_from_victim_level(size_t level, uint64_t line);
  void skip_miss(const FirstLevelMiss& miss);
  bool mark_seen(uint64_t line, size_t requester);
  void pass_on(size_t level, uint64_t incoming);
  void evict(size_t level, LruEntry entry, uint64_t incoming);
  bool take_out_of_first(uint64_t line, uint64_t incoming);
  bool take_out_above(size_t level, uint64_t line, uint64_t incoming);
  void put_in_victim_level(size_t level, LruEntry entry);
  void write_back(size_t to_level, uint64_t line);
  void straddle_cachegrind(uint64_t first, uint64_t last, Requester requester);

  CacheModel model_;
  bool writes_back_;
  bool reaches_up_ = false;
  size_t level_count_;
  FirstLevel first_level_;
  std::vector<Level> levels_;  // below the first
  // By level: what it displaced for the line under way and has not passed on yet.
  std::vector<TimedEntry> in_flight_;
  std::vector<uint8_t> evicts_clean_lines_;  // by level: 1 where their eviction has effects too
  SeenLines seen_;
  std::vector<uint64_t> taken_out_;
  uint64_t invalidations_ = 0;
  uint64_t passed_on_already_ = 0;  // misses to come
  std::vector<uint64_t> taken_out_already_;
  uint64_t straddling_ = 0;
  MissLog log_;
  size_t passed_on_ = 0;  // of the log
  bool keeps_log_ = false;

  const LineOwners* owners_ = nullptr;
  size_t owners_size_ = 0;  // buffers and one for lines elsewhere
  // [level][requester]: lines that were not found, except, under cachegrind's model, for references
  // to several lines.
  std::vector<uint64_t> missed_;
  // [requester][turn]: further misses of the first level, see count_fetched.
  static constexpr size_t kTurns = 4;
  std::vector<std::array<uint64_t, kTurns>> fetched_;
  std::vector<uint64_t> compulsory_;  // [requester]: lines never referenced before
  // [requester]: the second and further of these, and of the lines missed, for one reference.
  std::vector<uint64_t> repeated_compulsory_, repeated_misses_;
  // [level][buffer]; DRAM is a level of its own whose updates are lines written back. What missed_
  // tells is not counted here.
  std::vector<LevelTraffic> counts_;
};

}  // namespace wattgrind
