#include "kernels/workload_counts.h"

#include <gtest/gtest.h>

#include "estimator/machine_source.h"

namespace wattgrind {
namespace {

const Machine& xeon() {
  static const Machine machine = builtin_machine("xeon_x5650");
  return machine;
}

TEST(WorkloadCounts, ALoadThatFitsTheCacheMissesNothingInTheSteadyState) {
  const WorkloadCounts counts =
      count_workload(Matmul{8, 16, 12, ElementType::kInt64, LoopOrder::kIjk}, 1, xeon());
  EXPECT_EQ(counts.macs, 8u * 16 * 12);
  EXPECT_EQ(counts.counts.refs.reads, 2u * 8 * 16 * 12);
  EXPECT_EQ(counts.counts.refs.writes, 8u * 12);
  EXPECT_EQ(counts.counts.levels[0].misses, 0u);
  EXPECT_EQ(counts.counts.dram.reads, 0u);
}

TEST(WorkloadCounts, AFactorLargerThanTheLastLevelIsReadAgainInEveryPass) {
  // B is 32 MiB, a line an element: every reference to it misses everywhere, in each of 2 rows.
  const uint64_t lines = 524288;
  const WorkloadCounts counts =
      count_workload(Matmul{2, lines, 8, ElementType::kInt64, LoopOrder::kIkj}, 1, xeon());
  EXPECT_NEAR(static_cast<double>(counts.counts.dram.reads),
              static_cast<double>(2 * lines + 2 * lines / 8), 100.0);
}

TEST(WorkloadCounts, IntegersOf64BitsArePricedAsSeveralOf32) {
  const Matmul integers{3, 4, 5, ElementType::kInt64, LoopOrder::kIjk};
  const Matmul floats{3, 4, 5, ElementType::kFloat32, LoopOrder::kIjk};
  EXPECT_DOUBLE_EQ(count_workload(integers, 1, xeon()).operations_pj, 60 * (4 * 3.1 + 2 * 0.1));
  EXPECT_DOUBLE_EQ(count_workload(floats, 1, xeon()).operations_pj, 60 * (0.9 + 3.7));
}

TEST(WorkloadCounts, ANetworkIsCountedForItsBatch) {
  const Workload network = find_workload("dffr:layers=1,width=4,input=1x8x8");
  const WorkloadCounts one = count_workload(network, 1, xeon());
  const WorkloadCounts four = count_workload(network, 4, xeon());
  EXPECT_EQ(one.macs, 64u * 4 + 4 * 10);
  EXPECT_EQ(four.macs, 4 * one.macs);
  EXPECT_DOUBLE_EQ(four.operations_pj, 4 * one.operations_pj);
  EXPECT_GT(four.counts.refs.total(), one.counts.refs.total());
}

}  // namespace
}  // namespace wattgrind
