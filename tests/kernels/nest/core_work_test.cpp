#include "kernels/nest/core_work.h"

#include <gtest/gtest.h>

#include "kernels/nest/nest_builder.h"
#include "tests/kernels/sample_nests.h"

namespace wattgrind {
namespace {

// Sums up `chains` vectors side by side, so many of each.
LoopNest sums(int chains, int64_t trips) {
  NestBuilder nest("sums", Isa::kAvx2);
  const auto bytes = static_cast<uint64_t>(32 * chains);
  const Address in =
      nest.buffer(Operand::kInput, TensorRole::kInput, bytes * static_cast<uint64_t>(trips));
  const Address out = nest.buffer(Operand::kOutput, TensorRole::kOutput, bytes);
  std::vector<Register> totals;
  for (int i = 0; i < chains; ++i) totals.push_back(nest.constant(8, 0));
  nest.loop("k", trips, [&](LoopVariable k) {
    for (int i = 0; i < chains; ++i) {
      const Register next = nest.load(8, stepped(moved(in, 32 * i), k, 32 * chains));
      nest.assign(totals[static_cast<size_t>(i)], Opcode::kAdd, totals[static_cast<size_t>(i)],
                  next);
    }
  });
  for (int i = 0; i < chains; ++i) nest.store(totals[static_cast<size_t>(i)], moved(out, 32 * i));
  return std::move(nest).finish();
}

TEST(CoreWork, AChainWaitsForItsLatency) {
  // Each addition waits four cycles for the one before; one store at the end.
  EXPECT_DOUBLE_EQ(core_work(sums(1, 100)).port_cycles, 0.5 * 100 + 1);
  EXPECT_DOUBLE_EQ(core_work(sums(1, 100)).waiting_cycles, 3.5 * 100);
  EXPECT_DOUBLE_EQ(core_work(sums(2, 100)).waiting_cycles, 3 * 100);
}

TEST(CoreWork, ManyChainsKeepThePortsBusy) {
  // 20 additions and 20 loads, two of each a cycle.
  EXPECT_DOUBLE_EQ(core_work(sums(20, 100)).port_cycles, 10 * 100 + 20);
  EXPECT_EQ(core_work(sums(20, 100)).waiting_cycles, 0);
  EXPECT_EQ(core_work(sums(20, 100)).iterations, 100u);
}

TEST(CoreWork, AFullTileRunsAtTwoMultiplyAddsACycle) {
  // 6 x 2 vectors: 12 multiply-adds, 8 loads an iteration; before and after, 12 loads, 12 stores.
  const CoreWork work = core_work(tile_product(Isa::kAvx2, 6, 2, 1000));
  EXPECT_DOUBLE_EQ(work.port_cycles, 6 * 1000 + 12);
  EXPECT_EQ(work.waiting_cycles, 0);
}

TEST(CoreWork, AccessesAcrossLinesAreMadeTwice) {
  // Rows of 24 values: every other load of 16 begins in the middle of a line.
  NestBuilder nest("rows", Isa::kAvx512);
  const Address in = nest.buffer(Operand::kInput, TensorRole::kInput, 100 * 96);
  const Address out = nest.buffer(Operand::kOutput, TensorRole::kOutput, 64);
  const Register total = nest.constant(16, 0);
  nest.loop("row", 100, [&](LoopVariable row) {
    nest.assign(total, Opcode::kAdd, total, nest.load(16, stepped(in, row, 96)));
  });
  nest.store(total, out);
  EXPECT_DOUBLE_EQ(core_work(std::move(nest).finish()).port_cycles, 1.5 / 2 * 100 + 1);
}

TEST(CoreWork, IterationsOfInnerLoopsAreMultiplied) {
  NestBuilder nest("zero", Isa::kSse42);
  const Address out = nest.buffer(Operand::kOutput, TensorRole::kOutput, 3 * 5 * 4);
  nest.loop("i", 3, [&](LoopVariable i) {
    nest.loop("j", 5, [&](LoopVariable j) {
      nest.store(nest.constant(1, 0), stepped(stepped(out, i, 20), j, 4));
    });
  });
  const CoreWork work = core_work(std::move(nest).finish());
  EXPECT_EQ(work.iterations, 3u + 3 * 5);
  EXPECT_DOUBLE_EQ(work.port_cycles, 15);
}

}  // namespace
}  // namespace wattgrind
