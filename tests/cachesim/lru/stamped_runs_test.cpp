#include "cachesim/lru/stamped_runs.h"

#include <gtest/gtest.h>

#include <random>

#include "cachesim/program/line_owners.h"
#include "tests/cachesim/list_oracle.h"
#include "tests/cachesim/random_program.h"

namespace wattgrind {
namespace {

constexpr uint32_t kRunLines = 3000;

// A cache beside the list that it must equal.
struct CacheAndList {
  CacheAndList(uint64_t sets, uint32_t ways, UseTime latest)
      : config(level("L2", sets * ways * 64, ways)), cache(config.geometry, latest), list(config) {
    cache.cover(kRunLines + 100);
  }

  // Uses the line of the list; returns whether it was missed.
  bool use(uint32_t line) {
    if (list.touch(line)) {
      return false;
    }
    if (list.full(line)) {
      list.pop(line);
    }
    list.push({line, false});
    return true;
  }

  LevelConfig config;
  StampedCache cache;
  OracleLevel list;
};

// Sets that are and are no neighbourhoods or powers of two; clocks that run out.
TEST(StampedRuns, UseLinesAsTheListDoes) {
  const struct {
    uint64_t sets;
    uint32_t ways;
  } geometries[] = {{1, 4}, {4, 3}, {12, 2}, {16, 4}, {24, 3}, {64, 8}, {96, 5}, {9, 8}};
  std::mt19937_64 random(5);
  uint64_t all_missed = 0, all_held = 0;
  for (const auto& geometry : geometries) {
    CacheAndList both(geometry.sets, geometry.ways, 20'000);
    std::vector<uint64_t> missed(4, 0), expected(4, 0);
    for (int i = 0; i < 4000; ++i) {
      const uint64_t missed_before = missed[1] + missed[2] + missed[3];
      uint64_t used = 0;
      std::vector<FirstLevelMiss> misses;
      for (uint64_t n = 1 + random() % 4; n > 0; --n) {
        const auto count = static_cast<uint32_t>(1 + random() % (random() % 2 == 0 ? 4 : 80));
        const auto line = static_cast<uint32_t>(random() % (random() % 3 == 0 ? kRunLines : 200));
        const auto requester = static_cast<uint32_t>(1 + random() % 3);
        const uint32_t tag = FirstLevelMiss::tag_of(requester, false);
        const bool is_run = random() % 2 == 0;
        if (is_run) {
          misses.push_back(FirstLevelMiss::run(line, count, tag));
        }
        for (uint32_t k = 0; k < count; ++k) {
          expected[requester] += both.use(line + k);
          if (!is_run) {
            misses.push_back({line + k, kInvalidEntry, 0, tag});
          }
        }
        used += count;
      }
      touch_misses(both.cache, misses, {missed.data(), nullptr});
      ASSERT_EQ(missed, expected) << geometry.sets << " sets, step " << i;
      const uint64_t now = missed[1] + missed[2] + missed[3] - missed_before;
      all_missed += now == used;
      all_held += now == 0;
    }
  }
  EXPECT_GT(all_missed, 1000u);
  EXPECT_GT(all_held, 1000u);
}

TEST(StampedRuns, CountNewLinesOnce) {
  HierarchyConfig config{CacheModel::kCachegrind, {}};
  config.levels.push_back(level("L1", 2048, 2));
  LruCounters counters(config);
  const std::vector<AccessBuffer> buffers = {{"a", TensorRole::kInput, 0, 64 * 1000}};
  const LineOwners owners(buffers, 64);
  counters.start_program(owners, 1);
  counters.mark_seen(40, 0);
  counters.mark_all_seen(30, 100, 0);
  counters.mark_all_seen(129, 3, 0);
  AccessProgram program;
  program.buffers = buffers;
  ProgramTraffic traffic = empty_traffic(program, 1);
  counters.add_to(traffic);
  EXPECT_EQ(traffic.total().levels[0].compulsory_misses, 102u);
}

}  // namespace
}  // namespace wattgrind
