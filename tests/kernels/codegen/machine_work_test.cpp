// What is told of machine code without running it, against the nests it is made from and the
// makers' figures of cores.
#include "kernels/codegen/machine_work.h"

#include <gtest/gtest.h>

#include "kernels/nest/nest_builder.h"
#include "kernels/nest/opcodes.h"
#include "tests/kernels/sample_nests.h"

namespace wattgrind {
namespace {

MachineWork work_of(const LoopNest& nest, bool fused, const std::optional<CoreModel>& core = {}) {
  KernelCall call{"kernel", &nest, {}};
  for (size_t i = 0; i < nest.buffers.size(); ++i) {
    call.buffer_addresses.push_back(0x10000000 + (i << 20));
  }
  return machine_work(std::span(&call, 1), {nest.isa, fused}, core).at(0);
}

// Executions of the nest's instructions that `wanted` picks.
template <typename Wanted>
uint64_t executions(const std::vector<Statement>& body, const Wanted& wanted) {
  uint64_t count = 0;
  for (const Statement& statement : body) {
    if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
      count += loop->trips * executions(loop->body, wanted);
    } else {
      count += wanted(std::get<Instruction>(statement.node)) ? 1 : 0;
    }
  }
  return count;
}

uint64_t executions(const LoopNest& nest, Opcode opcode) {
  return executions(nest.body, [&](const Instruction& i) { return i.opcode == opcode; });
}

class MachineWorkOnEachIsa : public testing::TestWithParam<Isa> {};

TEST_P(MachineWorkOnEachIsa, ClassesAreThoseOfTheNest) {
  const Isa isa = GetParam();
  const int rows = isa == Isa::kSse42 ? 4 : 6;  // all accumulators stay in registers
  const LoopNest nest = tile_product(isa, rows, 2, 50);
  const bool fused = traits(isa).fused_multiply_add;
  const InstructionCounts counts = work_of(nest, fused).instructions;
  const uint64_t products = executions(nest, Opcode::kMulAdd);
  ASSERT_GT(products, 0u);
  if (fused) {
    EXPECT_EQ(counts.of(InstructionClass::kMultiplyAdd), products);
  } else {
    EXPECT_EQ(counts.of(InstructionClass::kMultiplyAdd), 0u);
    EXPECT_GE(counts.of(InstructionClass::kVectorArithmetic), 2 * products);
  }
  EXPECT_EQ(counts.of(InstructionClass::kVectorStore), executions(nest, Opcode::kStore));
  EXPECT_EQ(counts.memory_operands,
            executions(nest.body, [](const Instruction& i) { return traits(i.opcode).is_memory; }));
  EXPECT_GE(counts.vector_128_bits, products * static_cast<uint64_t>(traits(isa).float_lanes) / 4);
}

TEST_P(MachineWorkOnEachIsa, LoopsCountTheirTrips) {
  const Isa isa = GetParam();
  const auto total = [&](uint64_t depth) {
    return work_of(tile_product(isa, 3, 1, depth), false).instructions.total();
  };
  // Multiples of 2520 are unrolled alike, so that work is a line but for AArch64's longer
  // constants, of which each sixteen bits take an instruction.
  EXPECT_NEAR(static_cast<double>(total(5040) - total(2520)),
              static_cast<double>(total(7560) - total(5040)), isa == Isa::kNeon ? 8 : 0);
  EXPECT_GT(total(5040), total(2520));
}

void look_ahead(std::vector<Statement>& body, int64_t bytes) {
  for (Statement& statement : body) {
    if (Loop* loop = std::get_if<Loop>(&statement.node)) {
      look_ahead(loop->body, bytes);
    } else if (auto& load = std::get<Instruction>(statement.node); load.opcode == Opcode::kLoad) {
      load.ahead_bytes = bytes;
    }
  }
}

TEST_P(MachineWorkOnEachIsa, HintsAreInstructionsAndNoReferences) {
  const LoopNest plain = tile_product(GetParam(), 3, 2, 50);
  LoopNest hinted = plain;
  look_ahead(hinted.body, 8192);
  const InstructionCounts without = work_of(plain, false).instructions;
  const InstructionCounts with = work_of(hinted, false).instructions;
  // An address more or less outside of the loops comes with them.
  const auto hints = static_cast<double>(executions(plain, Opcode::kLoad));
  const InstructionClass scalar = InstructionClass::kScalar;
  EXPECT_NEAR(static_cast<double>(with.total() - without.total()), hints, 2);
  EXPECT_NEAR(static_cast<double>(with.of(scalar) - without.of(scalar)), hints, 2);
  EXPECT_EQ(with.memory_operands, without.memory_operands);
}

INSTANTIATE_TEST_SUITE_P(All, MachineWorkOnEachIsa,
                         testing::Values(Isa::kSse42, Isa::kAvx2, Isa::kAvx512, Isa::kNeon),
                         [](const auto& isa) {
                           std::string name(traits(isa.param).name);
                           std::erase(name, '.');
                           return name;
                         });

// One vector, multiplied and added `trips` times into `chains` accumulators.
LoopNest chains(Isa isa, int count, int64_t trips) {
  NestBuilder nest("chains", isa);
  const int lanes = nest.max_lanes();
  const auto bytes = static_cast<uint64_t>(lanes) * sizeof(float);
  const Address map = nest.buffer(Operand::kMap, TensorRole::kOutput, bytes);
  const Register x = nest.load(lanes, map);
  std::vector<Register> sums;
  for (int i = 0; i < count; ++i)
    sums.push_back(nest.constant(lanes, 0.5F + static_cast<float>(i)));
  nest.loop("step", trips, [&](LoopVariable) {
    for (const Register sum : sums) nest.assign(sum, Opcode::kMulAdd, x, x, sum);
  });
  Register all = sums[0];
  for (size_t i = 1; i < sums.size(); ++i) all = nest.apply(Opcode::kAdd, all, sums[i]);
  nest.store(all, map);
  return std::move(nest).finish();
}

// Cycles of a multiply-add among `count` independent chains of them.
double cycles_each(Isa isa, int count, const std::string& core) {
  constexpr int64_t kTrips = 100'000;
  const MachineWork work = work_of(chains(isa, count, kTrips), true, CoreModel{core, {}});
  return static_cast<double>(work.cycles.value()) / static_cast<double>(kTrips * count);
}

// Intel's and AMD's optimization manuals and Agner Fog's instruction tables: a multiply-add of 256
// bits takes four cycles and two start in one. Arm's software optimization guides: Cortex-A72 and
// Neoverse N1 start two of 128 bits a cycle (A72: every other unit takes half), and hand a sum on
// to the next accumulation sooner than its latency. A Cortex-A53 computes 64 bits at a time.
TEST(CoreTiming, ChainsWaitAndPortsFill) {
  EXPECT_NEAR(cycles_each(Isa::kAvx2, 1, "skylake"), 4, 0.01);
  EXPECT_NEAR(cycles_each(Isa::kAvx2, 12, "skylake"), 0.5, 0.05);
  EXPECT_NEAR(cycles_each(Isa::kAvx2, 1, "znver3"), 4, 0.01);
  EXPECT_NEAR(cycles_each(Isa::kAvx2, 12, "znver3"), 0.5, 0.05);
  EXPECT_NEAR(cycles_each(Isa::kAvx512, 12, "skylake-avx512"), 0.5, 0.05);
  EXPECT_NEAR(cycles_each(Isa::kNeon, 16, "neoverse-n1"), 0.5, 0.05);
  EXPECT_GE(cycles_each(Isa::kNeon, 16, "cortex-a53"), 1);
}

// A sum for each of ten values, each of which is loaded right before it is used.
constexpr int kSums = 10;
LoopNest sums_of_loads(int64_t trips) {
  constexpr int64_t kValueBytes = sizeof(float);
  NestBuilder nest("sums", Isa::kNeon);
  const int lanes = nest.max_lanes();
  const Address map = nest.buffer(Operand::kMap, TensorRole::kOutput,
                                  static_cast<uint64_t>(kSums * lanes * kValueBytes));
  const Register x = nest.load(lanes, map);
  std::vector<Register> sums;
  for (int i = 0; i < kSums; ++i) sums.push_back(nest.constant(lanes, 0.5F));
  nest.loop("step", trips, [&](LoopVariable) {
    int64_t at = 0;
    for (const Register sum : sums) {
      const Register value = nest.broadcast(lanes, moved(map, kValueBytes * at++));
      nest.assign(sum, Opcode::kMulAdd, value, x, sum);
    }
  });
  int64_t at = 0;
  for (const Register sum : sums) nest.store(sum, moved(map, kValueBytes * lanes * at++));
  return std::move(nest).finish();
}

// In the nest's order a Cortex-A53 waits for each load before the multiply-add behind it, four
// cycles by Arm's and LLVM's latencies; compilers for it load ahead. One multiply-add and one load
// start in a cycle at best.
TEST(CoreTiming, CodeForACoreThatIssuesInOrderLoadsAhead) {
  constexpr int64_t kTrips = 10'000;
  const MachineWork work = work_of(sums_of_loads(kTrips), true, CoreModel{"cortex-a53", {}});
  const double each = static_cast<double>(work.cycles.value()) / (kSums * kTrips);
  EXPECT_GE(each, 1);
  EXPECT_LT(each, 2.5);
}

TEST(CoreTiming, PartsWithOneUnitOf512BitsTakeTwiceAsLong) {
  const LoopNest nest = chains(Isa::kAvx512, 12, 10'000);
  const auto cycles = [&](std::optional<double> units) {
    return static_cast<double>(
        work_of(nest, true, CoreModel{"skylake-avx512", units}).cycles.value());
  };
  EXPECT_NEAR(cycles(1) / cycles(std::nullopt), 2, 0.02);
}

TEST(CoreModel, KnowsCoresOfTheInstructionSet) {
  EXPECT_TRUE(has_core_model(Isa::kAvx2, "znver3"));
  EXPECT_TRUE(has_core_model(Isa::kNeon, "cortex-a72"));
  EXPECT_FALSE(has_core_model(Isa::kNeon, "znver3"));
  EXPECT_FALSE(has_core_model(Isa::kAvx2, "pentium-nine"));
  EXPECT_FALSE(has_core_model(Isa::kAvx2, ""));
  EXPECT_TRUE(reorders_instructions(Isa::kNeon, "cortex-a72"));
  EXPECT_FALSE(reorders_instructions(Isa::kNeon, "cortex-a53"));
}

}  // namespace
}  // namespace wattgrind
