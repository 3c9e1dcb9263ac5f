#include "cachesim/simulator.h"

#include <gtest/gtest.h>

#include "tests/cachesim/list_oracle.h"
#include "tests/cachesim/random_program.h"

namespace wattgrind {
namespace {

std::string describe(const ProgramTraffic& traffic) {
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

// Runs a few random programs one after the other, so that caches are full of other programs' lines.
// Adds up what was counted at the second level.
void compare_with_oracle(Counting counting, uint64_t seeds, uint64_t references,
                         LevelTraffic& second_level) {
  const std::vector<HierarchyConfig> hierarchies = small_hierarchies();
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const HierarchyConfig& config = hierarchies[seed % hierarchies.size()];
    RandomProgram random(seed);
    Simulator simulator(config, counting);
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

TEST(Simulator, EveryReferenceOnItsOwnEqualsTheLists) {
  LevelTraffic events;
  compare_with_oracle(Counting::kReference, 600, 2000, events);
  EXPECT_GT(events.hits(), 10000u);
  EXPECT_GT(events.misses() - events.compulsory_misses, 10000u);
  EXPECT_GT(events.updates, 1000u);
  EXPECT_GT(events.write_backs, 1000u);
}

}  // namespace
}  // namespace wattgrind
