#include "cachesim/lru/cachegrind_levels.h"

#include <algorithm>

#include "cachesim/lru/stamped_cache.h"
#include "cachesim/lru/stamped_runs.h"
#include "estimator/base/error.h"

namespace wattgrind {
namespace {

class CachegrindLevels : public LowerLevels {
 public:
  CachegrindLevels(const HierarchyConfig& config, FirstLevel& first_level, LruCounters& counters)
      : level_count_(config.levels.size()), first_level_(first_level), counters_(counters) {
    for (size_t level = 1; level < level_count_; ++level) {
      caches_.emplace_back(config.levels[level].geometry);
    }
  }

  void cover(uint64_t last) override {
    for (StampedCache& cache : caches_) {
      cache.cover(last);
    }
  }

  void fetch(std::span<const FirstLevelMiss> misses) override;
  size_t replay(std::span<const FirstLevelMiss> misses, size_t, ReplayedFirstLevel&) override {
    fetch(misses);
    return misses.size();
  }
  void touch_lines(uint64_t first, uint64_t last, Requester requester) override;

  void take_out_again(std::span<const uint64_t> lines, const FirstLevelMiss&) override {
    CHECK(lines.empty(), "{} lines taken out", lines.size());
  }

 private:
  StampedCache& cache(size_t level) { return caches_[level - 1]; }
  MissedLines missed_lines(size_t level) {
    return {&counters_.missed(level, 0), level + 1 == level_count_ ? &counters_ : nullptr};
  }

  size_t level_count_;  // the first one included
  FirstLevel& first_level_;
  LruCounters& counters_;
  std::vector<StampedCache> caches_;  // of the levels below the first
};

void CachegrindLevels::fetch(std::span<const FirstLevelMiss> misses) {
  counters_.count_first_level(misses);
  if (level_count_ == 1) {
    for (const FirstLevelMiss& miss : misses) {
      counters_.mark_all_seen(miss.line, miss.count(), miss.requester());
    }
  }
  for (size_t level = 1; level < level_count_; ++level) {
    touch_misses(cache(level), misses, missed_lines(level));
  }
}

// Cachegrind looks a level up for the whole reference, which misses once however many of its lines
// are not held.
void CachegrindLevels::touch_lines(uint64_t first, uint64_t last, Requester requester) {
  uint64_t new_lines = 0;
  for (size_t level = 0; level < level_count_; ++level) {
    bool missed = false;
    for (uint64_t line = first; line <= last; ++line) {
      const bool missed_line = level == 0
                                   ? first_level_.touch(line, 0, first_level_.reserve(1) + 1).missed
                                   : cache(level).touch(line, 0).missed;
      missed |= missed_line;
      new_lines += missed_line && level == 0 && counters_.mark_seen(line, requester.index());
    }
    LevelTraffic& traffic = counters_.of_buffer(level, requester.buffer);
    count_lookups(traffic, requester.is_write, level > 0);
    count_misses(traffic, requester.is_write, missed);
    if (missed && level + 1 == level_count_) {
      ++counters_.of_buffer(level_count_, requester.buffer).reads;
    }
    if (!missed && level == 0) {
      return;
    }
  }
  counters_.merge_into_one_miss(requester.index(), 0, new_lines);
}

}  // namespace

std::unique_ptr<LowerLevels> make_cachegrind_levels(const HierarchyConfig& config,
                                                    FirstLevel& first_level,
                                                    LruCounters& counters) {
  return std::make_unique<CachegrindLevels>(config, first_level, counters);
}

}  // namespace wattgrind
