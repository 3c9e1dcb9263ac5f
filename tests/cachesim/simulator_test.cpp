#include "cachesim/simulator.h"

#include <gtest/gtest.h>

#include "estimator/error.h"
#include "tests/cachesim/compare_countings.h"

namespace wattgrind {
namespace {

TEST(Simulator, EveryReferenceOnItsOwnEqualsTheLists) {
  LevelTraffic events;
  compare_with_oracle(Counting::kReference, 0, 640, 2000, events);
  EXPECT_GT(events.hits(), 10000u);
  EXPECT_GT(events.misses() - events.compulsory_misses, 10000u);
  EXPECT_GT(events.updates, 1000u);
  EXPECT_GT(events.write_backs, 1000u);
}

TEST(Simulator, CollapsedReferencesEqualTheLists) {
  LevelTraffic events;
  compare_with_oracle(Counting::kCollapsed, 1000, 1600, 3000, events);
  EXPECT_GT(events.updates, 1000u);
}

TEST(Simulator, KeepsToReferencesWhereCollapsingIsNotExact) {
  HierarchyConfig config{CacheModel::kMachine, {level("L1", 32768, 8)}};
  EXPECT_EQ(Simulator(config).counting(), Counting::kCollapsed);
  config.levels[0].replacement = Replacement::kTreePlru;
  EXPECT_EQ(Simulator(config).counting(), Counting::kReference);
  config.levels[0] = level("L1", 24 * 64, 2);  // 12 sets
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
  EXPECT_THROW(simulator.run(program), Error);  // beyond what a lane can name
}

TEST(Simulator, StateCarriesOverFromProgramToProgram) {
  AccessProgram program;
  program.buffers = {{"weights", TensorRole::kWeights, 0x10000, 64 * 64}};
  program.loop_count = 1;
  program.body = {{AccessLoop{0, "line", 64, {{Access{0, 0, {{0, 64}}, 4, false}}}}}};
  for (const Counting counting : {Counting::kReference, Counting::kCollapsed}) {
    Simulator simulator({CacheModel::kMachine, {level("L1", 8192, 2)}}, counting);
    EXPECT_EQ(simulator.run(program).traffic.total().levels[0].compulsory_misses, 64u);
    EXPECT_EQ(simulator.run(program).traffic.total().levels[0].misses(), 0u);
  }
}

}  // namespace
}  // namespace wattgrind
