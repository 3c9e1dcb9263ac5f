#include "cachesim/walk/simulator.h"

#include <gtest/gtest.h>

#include "estimator/base/error.h"
#include "tests/cachesim/walk/compare_countings.h"

namespace wattgrind {
namespace {

TEST(Simulator, EveryReferenceOnItsOwnEqualsTheLists) {
  const LevelTraffic events = compare_counting(Counting::kReference, 2000, 0, 640).second_levels;
  EXPECT_GT(events.hits(), 10000u);
  EXPECT_GT(events.misses() - events.compulsory_misses, 10000u);
  EXPECT_GT(events.updates, 1000u);
  EXPECT_GT(events.write_backs, 1000u);
}

TEST(Simulator, CollapsedReferencesEqualTheLists) {
  const LevelTraffic events =
      compare_counting(Counting::kCollapsed, 3000, 1000, 1200).second_levels;
  EXPECT_GT(events.updates, 1000u);
}

TEST(Simulator, ReplayedReferencesEqualTheLists) {
  EXPECT_GT(compare_replay(20000, 2000, 200).replayed_references, 200'000u);
}

TEST(Simulator, KeepsToTheWayBeforeWhereOneIsNotExact) {
  HierarchyConfig config{CacheModel::kMachine, {level("L1", 32768, 8), level("L2", 65536, 8)}};
  EXPECT_EQ(Simulator(config).counting(), Counting::kReplayed);
  EXPECT_EQ(Simulator(config, Counting::kCollapsed).counting(), Counting::kCollapsed);
  config.levels[1].containment = Containment::kInclusive;
  EXPECT_EQ(Simulator(config).counting(), Counting::kReplayed);
  config.levels[1].containment = Containment::kVictim;
  EXPECT_EQ(Simulator(config).counting(), Counting::kCollapsed);
  config.levels[1].replacement = Replacement::kTreePlru;
  EXPECT_EQ(Simulator(config).counting(), Counting::kReference);
}

TEST(Simulator, RefusesBadHierarchiesAndPrograms) {
  EXPECT_THROW(Simulator({CacheModel::kMachine, {level("L1", 32768, 0)}}), Error);
  Simulator simulator({CacheModel::kMachine, {level("L1", 32768, 8)}});
  AccessProgram program;
  program.buffers = {{"far", TensorRole::kInput, 0x1000, 4}};
  program.body = {{Access{0, 4, {}, 4, false}}};
  EXPECT_THROW(simulator.run(program), Error);  // leaves its buffer
  program.buffers[0] = {"far", TensorRole::kInput, uint64_t{1} << 42, 8};
  EXPECT_THROW(simulator.run(program), Error);  // beyond 2^31 lines
}

TEST(Simulator, StateCarriesOverFromProgramToProgram) {
  AccessProgram program;
  program.buffers = {{"weights", TensorRole::kWeights, 0x10000, 64 * 64}};
  program.loop_count = 1;
  program.body = {{AccessLoop{0, "line", 64, {{Access{0, 0, {{0, 64}}, 4, false}}}}}};
  for (const Counting counting :
       {Counting::kReference, Counting::kCollapsed, Counting::kReplayed}) {
    Simulator simulator({CacheModel::kMachine, {level("L1", 8192, 2)}}, counting);
    EXPECT_EQ(simulator.run(program).traffic.total().levels[0].compulsory_misses, 64u);
    EXPECT_EQ(simulator.run(program).traffic.total().levels[0].misses(), 0u);
  }
}

}  // namespace
}  // namespace wattgrind
