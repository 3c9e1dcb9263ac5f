#include "kernels/count/matmul_counts.h"

#include <gtest/gtest.h>

#include "estimator/catalog/machine_source.h"

namespace wattgrind {
namespace {

double ratio(uint64_t a, uint64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

// B is 2 MiB: beyond the L2, within the L3.
TEST(MatmulCounts, TheFirstRowsTellOfTheOthers) {
  const Matmul matmul{40, 512, 512, ElementType::kInt64, LoopOrder::kIjk};
  const HierarchyConfig hierarchy = machine_hierarchy(builtin_machine("xeon_x5650"));
  const MatmulCounts whole = count_matmul(matmul, hierarchy, matmul.macs());
  const MatmulCounts first = count_matmul(matmul, hierarchy, matmul.macs() / 5);
  EXPECT_EQ(whole.simulated_rows, 40u);
  EXPECT_EQ(first.simulated_rows, 8u);
  EXPECT_EQ(first.counts.refs.total(), whole.counts.refs.total());
  EXPECT_EQ(first.counts.bytes->total(), whole.counts.bytes->total());
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(ratio(first.counts.levels[i].misses, whole.counts.levels[i].misses), 1, 0.01) << i;
    EXPECT_EQ(first.counts.levels[i].hits.value() + first.counts.levels[i].misses,
              first.counts.levels[i].accesses);
  }
  // B is read from memory once, in the rows simulated: a few lines of A and C are added after.
  EXPECT_NEAR(ratio(first.counts.dram.reads, whole.counts.dram.reads), 1, 0.02);
}

TEST(MatmulCounts, BlocksAreCountedWhole) {
  const Matmul matmul{70, 20, 70, ElementType::kFloat32, LoopOrder::kBlocked};
  const HierarchyConfig hierarchy = machine_hierarchy(builtin_machine("xeon_x5650"));
  EXPECT_EQ(count_matmul(matmul, hierarchy, 1).simulated_rows, 70u);
}

}  // namespace
}  // namespace wattgrind
