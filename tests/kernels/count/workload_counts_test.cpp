#include "kernels/count/workload_counts.h"

#include <gtest/gtest.h>

#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/workload_source.h"

namespace wattgrind {
namespace {

const Machine& xeon() {
  static const Machine machine = builtin_machine("xeon_x5650");
  return machine;
}

TEST(WorkloadCounts, ALoadThatFitsTheCacheMissesNothingInTheSteadyState) {
  const WorkloadCounts counts =
      count_workload(Matmul{8, 16, 12, ElementType::kInt64, LoopOrder::kIjk}, 1, xeon());
  EXPECT_EQ(counts.operations.macs, 8u * 16 * 12);
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

TEST(WorkloadCounts, AProductsOperationsAreOfItsType) {
  const Matmul integers{3, 4, 5, ElementType::kInt64, LoopOrder::kIjk};
  const WorkloadCounts counts = count_workload(integers, 1, xeon());
  EXPECT_EQ(counts.operations.macs, 60u);
  EXPECT_EQ(counts.operations.other, 0u);
  EXPECT_EQ(counts.type, ElementType::kInt64);
}

TEST(WorkloadCounts, ANetworkIsCountedForItsBatch) {
  const Workload network = find_workload("dffr:layers=1,width=4,input=1x8x8");
  const WorkloadCounts one = count_workload(network, 1, xeon());
  const WorkloadCounts four = count_workload(network, 4, xeon());
  EXPECT_EQ(one.operations.macs, 64u * 4 + 4 * 10);
  EXPECT_EQ(one.operations.other, 4u + 5 * 10);  // relu, softmax
  EXPECT_EQ(four.operations.macs, 4 * one.operations.macs);
  EXPECT_EQ(four.operations.other, 4 * one.operations.other);
  EXPECT_GT(four.counts.refs.total(), one.counts.refs.total());
}

}  // namespace
}  // namespace wattgrind
