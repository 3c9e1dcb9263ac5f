// Runs random programs through two ways of counting and compares every count.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "cachesim/lru/lru_hierarchy.h"
#include "cachesim/walk/collapsed_walk.h"
#include "cachesim/walk/reference_walk.h"
#include "cachesim/walk/simulator.h"
#include "tests/cachesim/list_oracle.h"
#include "tests/cachesim/random_program.h"

namespace wattgrind {

inline std::string describe(const ProgramTraffic& traffic) {
  std::string text;
  const auto add = [&](const std::string& who, const BufferTraffic& buffer) {
    text += who + ":";
    for (const LevelTraffic& l : buffer.levels) {
      text += " [" + std::to_string(l.reads) + " reads " + std::to_string(l.writes) + " writes " +
              std::to_string(l.read_misses) + "+" + std::to_string(l.write_misses) + " misses " +
              std::to_string(l.compulsory_misses) + " compulsory " + std::to_string(l.fills) +
              " fills " + std::to_string(l.updates) + " updates " + std::to_string(l.write_backs) +
              " write-backs]";
    }
    text += " dram " + std::to_string(buffer.dram_reads) + " " +
            std::to_string(buffer.dram_writes) + "\n";
  };
  for (size_t i = 0; i < traffic.buffers.size(); ++i) {
    add("buffer" + std::to_string(i), traffic.buffers[i]);
  }
  add("elsewhere", traffic.elsewhere);
  return text;
}

using MakeWalker = std::function<std::unique_ptr<Walker>(const HierarchyConfig&)>;
using NextProgram = std::function<AccessProgram(RandomProgram&)>;

struct Compared {
  LevelTraffic second_levels;  // the sum of what all second levels counted
  uint64_t replayed_references = 0;
  uint64_t programs = 0;
};

// Runs three random programs for each seed, one after the other, so that the caches are full of
// other programs' lines. The hierarchies take turns from seed to seed.
inline Compared compare_with_oracle(const std::vector<HierarchyConfig>& hierarchies,
                                    const MakeWalker& make_walker, const NextProgram& next,
                                    uint64_t first_seed, uint64_t seeds) {
  Compared compared;
  for (uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    const HierarchyConfig& config = hierarchies[seed % hierarchies.size()];
    RandomProgram random(seed);
    const std::unique_ptr<Walker> walker = make_walker(config);
    ListOracle oracle(config);
    for (int i = 0; i < 3; ++i) {
      const AccessProgram program = next(random);
      validate(program);
      const ProgramTraffic expected = oracle.run(program);
      const Simulation found = walker->run(program);
      EXPECT_EQ(found.traffic, expected) << "seed " << seed << " program " << i << " hierarchy "
                                         << seed % hierarchies.size() << "\n"
                                         << to_text(program) << "found\n"
                                         << describe(found.traffic) << "expected\n"
                                         << describe(expected);
      if (found.traffic != expected) {
        return compared;
      }
      ++compared.programs;
      compared.replayed_references += found.replayed_references;
      if (config.levels.size() > 1) {
        compared.second_levels += found.traffic.total().levels[1];
      }
    }
  }
  return compared;
}

inline Compared compare_counting(Counting counting, uint64_t references, uint64_t first_seed,
                                 uint64_t seeds) {
  return compare_with_oracle(
      small_hierarchies(),
      [&](const HierarchyConfig& config) {
        return counting == Counting::kReference ? make_reference_walker(config)
                                                : make_collapsed_walker(config);
      },
      [&](RandomProgram& random) { return random.next(references); }, first_seed, seeds);
}

// Compares on programs that often repeat. Every loop is attempted, however short.
inline Compared compare_replay(uint64_t references, uint64_t first_seed, uint64_t seeds) {
  std::vector<HierarchyConfig> hierarchies = small_hierarchies();
  std::erase_if(hierarchies,
                [](const HierarchyConfig& config) { return !LruHierarchy::can_replay(config); });
  return compare_with_oracle(
      hierarchies, [](const HierarchyConfig& config) { return make_replaying_walker(config, 0); },
      [&](RandomProgram& random) {
        return random.below(4) == 0 ? random.next(references) : random.next_repeating(references);
      },
      first_seed, seeds);
}

}  // namespace wattgrind
