// The hierarchies of reference_model.h, after both models, with LRU at every level: quick, and
// equal in every count.
//
//     who walks a program  ->  first level  ->  log of its misses  ->  levels below
//                              first_level.h    miss_log.h             lower_levels.h
//
// The first level is not looked up here but by whoever walks a program (stream_touch-inl.h), for
// that is what everything else waits for. A walk therefore tells the hierarchy what came of it:
//
//   start_program()                     once, first
//   touch()                             or a look-up in first_level(), followed, as it came out, by
//     miss_first_level()                  if the line was missed and has been put in, or by
//     dirty_first_level()                 if it was held clean and has become dirty
//   pass_on()                           last, so that no miss waits in the log
//   add_counts_to()
//
// Replay (walk/replay.h) skips iterations of a loop whose misses it can tell. Its calls are:
//
//   begin_period()                      a period of iterations is walked, as above, and the log
//   end_period()                        keeps its misses; the two may be called again and again
//   period_misses()                     changed in place to those of the next period,
//   replay()                            and looked up in the levels below; again, period by period
//   first_level().set_entries()         to what it holds after the periods replayed
//   resume_after()                      only if the last one was not replayed to its end
//   end_replay()
//
// 1. Every miss is counted and passed on once, in the order of its happening.
// 2. Where levels below reach up, no miss waits: the first level is at all times as they left it.
// 3. Where they do not, the first level does not depend on when its misses are passed on.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cachesim/lru/first_level.h"
#include "cachesim/lru/lower_levels.h"
#include "cachesim/lru/lru_counters.h"
#include "cachesim/lru/miss_log.h"
#include "cachesim/model/hierarchy_config.h"
#include "cachesim/model/traffic.h"
#include "cachesim/program/line_owners.h"

namespace wattgrind {

class LruHierarchy {
 public:
  // True where every level is LRU, the first of at most FirstLevel::kMaxWays ways, with lines of at
  // most 64 KiB.
  static bool can_simulate(const HierarchyConfig& config);

  // True where, besides, the second level is no victim level: one would hand dirty lines up to the
  // first.
  static bool can_replay(const HierarchyConfig& config);

  // The config must be valid and one that the hierarchy can simulate.
  explicit LruHierarchy(const HierarchyConfig& config);

  // Levels below refer to the first one, which therefore stays where it is.
  LruHierarchy(const LruHierarchy&) = delete;
  LruHierarchy& operator=(const LruHierarchy&) = delete;

  // Counts start again, for the buffers of `owners`, which must outlive what follows.
  void start_program(const LineOwners& owners, size_t buffers);

  // Adds what was counted since start_program to traffic, which has the references already.
  void add_counts_to(ProgramTraffic& traffic) const { counters_.add_to(traffic); }

  // Makes one reference to all lines from first to last.
  void touch(uint64_t first, uint64_t last, Requester requester);

  FirstLevel& first_level() { return first_level_; }

  // Says that the first level missed a line, which it has put in for what it displaced. Returns
  // whether levels below took lines out of the first one for it: then taken_out() tells which.
  bool miss_first_level(const FirstLevelMiss& miss) {
    log_.append(miss);
    if (reaches_up_ || log_.is_full()) {
      pass_on();
    }
    return reaches_up_ && !lower_->taken_out().empty();
  }
  const std::vector<uint64_t>& taken_out() const { return lower_->taken_out(); }

  // The place where the next `misses` misses may be written before they happen, to be appended by
  // the second function; null where there is no room for them now, or where each of them must be
  // passed on before the next happens.
  FirstLevelMiss* room_for_misses(size_t misses) {
    return !reaches_up_ && log_.room().size() >= misses ? log_.room().data() : nullptr;
  }
  void miss_first_level(size_t misses) {
    log_.append_written(misses);
    if (log_.is_full()) {
      pass_on();
    }
  }

  // Says that a line which the first level held clean has become dirty. Only replay needs to know.
  void dirty_first_level(uint64_t line) {
    if (log_.keeps_all() && reaches_up_) {
      log_.append(
          {static_cast<uint32_t>(line), kInvalidEntry, 0, FirstLevelMiss::tag_of(0, true, true)});
      if (log_.is_full()) {
        pass_on();
      }
    }
  }

  // Passes on the misses that wait.
  void pass_on();

  // The protocol of replay, as above. end_period() returns whether all misses of the period were
  // kept; the log gives up keeping them when there are too many.
  void begin_period();
  bool end_period();
  std::span<FirstLevelMiss> period_misses() { return log_.misses(); }
  // Misses of the period from number `from` on; as LowerLevels::replay() says.
  size_t replay(std::span<const FirstLevelMiss> misses, size_t from,
                ReplayedFirstLevel& first_level) {
    return lower_->replay(misses, from, first_level);
  }

  // The period under way has been replayed up to its first `misses` misses, for the last of which
  // `taken_out` were taken out of the first level. It will now be walked from its beginning, with
  // the first level as it was then; its first misses, walked, are not counted and passed on again.
  void resume_after(uint64_t misses, std::vector<uint64_t> taken_out);
  void end_replay();

  // How many lines levels below have taken out of the first one so far.
  uint64_t invalidations() const { return lower_->invalidations(); }

  // How many references to several lines there were so far. Their misses are not in the log.
  uint64_t straddling() const { return straddling_; }

  // True where levels below take lines out of the first one, or hand it dirty ones.
  bool reaches_up() const { return reaches_up_; }
  bool writes_back() const { return writes_back_; }

  // How many sets each of the levels below has.
  const std::vector<uint32_t>& sets_below() const { return sets_below_; }

 private:
  void fetch(std::span<const FirstLevelMiss> misses);

  bool writes_back_;
  bool reaches_up_;
  std::vector<uint32_t> sets_below_;
  FirstLevel first_level_;
  LruCounters counters_;
  std::unique_ptr<LowerLevels> lower_;
  MissLog log_;
  uint64_t straddling_ = 0;
  // What resume_after said, until that many misses have come by again.
  uint64_t passed_on_already_ = 0;
  std::vector<uint64_t> taken_out_already_;
};

}  // namespace wattgrind
