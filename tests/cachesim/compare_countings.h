// Runs random programs through two ways of counting and compares every count.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "cachesim/simulator.h"
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

// Three random programs a seed one after the other, so that caches are full of other programs'
// lines; the hierarchies take turns. Adds up what was counted at the second levels.
inline void compare_with_oracle(Counting counting, uint64_t first_seed, uint64_t seeds,
                                uint64_t references, LevelTraffic& second_level) {
  const std::vector<HierarchyConfig> hierarchies = small_hierarchies();
  for (uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    const HierarchyConfig& config = hierarchies[seed % hierarchies.size()];
    RandomProgram random(seed);
    Simulator simulator(config, counting);
    ASSERT_EQ(simulator.counting(), counting) << "hierarchy " << seed % hierarchies.size();
    ListOracle oracle(config);
    for (int i = 0; i < 3; ++i) {
      const AccessProgram program = random.next(references);
      const ProgramTraffic expected = oracle.run(program);
      const ProgramTraffic found = simulator.run(program).traffic;
      ASSERT_EQ(found, expected) << "seed " << seed << " program " << i << " hierarchy "
                                 << seed % hierarchies.size() << "\n"
                                 << to_text(program) << "found\n"
                                 << describe(found) << "expected\n"
                                 << describe(expected);
      if (config.levels.size() > 1) {
        second_level += found.total().levels[1];
      }
    }
  }
}

}  // namespace wattgrind
