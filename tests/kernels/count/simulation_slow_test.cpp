// Every way of counting gives the same counts, field by field, on whole built-in networks.
#include <gtest/gtest.h>

#include "cachesim/walk/simulator.h"
#include "estimator/catalog/network_source.h"
#include "kernels/program/program.h"
#include "tests/cachesim/random_program.h"

namespace wattgrind {
namespace {

std::vector<HierarchyConfig> real_hierarchies() {
  const LevelConfig l1 = level("L1", 32768, 8);
  return {
      {CacheModel::kCachegrind, {l1, level("LL", 12 << 20, 24)}},
      {CacheModel::kMachine,
       {l1, level("L2", 256 << 10, 4), level("L3", 8 << 20, 16, Containment::kInclusive)}},
      {CacheModel::kMachine,
       {l1, level("L2", 1 << 20, 16), level("L3", 1408 << 10, 11, Containment::kVictim)}},
      {CacheModel::kMachine, {level("L1", 2048, 2), level("L2", 16384, 4)}},
  };
}

void expect_equal_counts(std::string_view network, int64_t batch, Counting slow, Counting fast) {
  const Program program = lower_network(builtin_network(network), Isa::kAvx2, batch);
  for (const HierarchyConfig& config : real_hierarchies()) {
    Simulator expected(config, slow);
    Simulator found(config, fast);
    ASSERT_EQ(expected.counting(), slow);
    ASSERT_EQ(found.counting(), fast);
    for (const Step& step : program.steps) {
      const AccessProgram layer = program.access_program(step);
      EXPECT_EQ(found.run(layer).traffic, expected.run(layer).traffic)
          << network << " " << step.symbol << ", last level "
          << config.levels.back().geometry.size_bytes << " bytes";
    }
  }
}

TEST(SimulationOfNetworks, CollapsedReferencesEqualSingleOnes) {
  expect_equal_counts("lenet5", 8, Counting::kReference, Counting::kCollapsed);
  expect_equal_counts("alexnet", 1, Counting::kReference, Counting::kCollapsed);
}

TEST(SimulationOfNetworks, ReplayedReferencesEqualSingleOnes) {
  expect_equal_counts("lenet5", 64, Counting::kReference, Counting::kReplayed);
  expect_equal_counts("alexnet", 6, Counting::kCollapsed, Counting::kReplayed);
  expect_equal_counts("vgg16", 1, Counting::kCollapsed, Counting::kReplayed);
}

}  // namespace
}  // namespace wattgrind
