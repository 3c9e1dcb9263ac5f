#include <gtest/gtest.h>

#include "estimator/base/error.h"
#include "estimator/catalog/machine_source.h"
#include "estimator/catalog/network_source.h"
#include "kernels/count/count_source.h"
#include "tests/error_text.h"

namespace wattgrind {
namespace {

const ProgressReport silent = [](std::string_view, uint64_t, uint64_t) {};

NetworkCounts counted(const Machine& machine) {
  const auto references = make_reference_source();
  const auto source = make_instruction_source(*references);
  return count_network(find_network("lenet5"), 1, machine, false, *source, silent, nullptr);
}

TEST(InstructionSource, LeavesWhatIsCountedAsItIs) {
  const Machine machine = find_machine("skylake_i7_6700");
  const auto references = make_reference_source();
  const NetworkCounts plain =
      count_network(find_network("lenet5"), 1, machine, false, *references, silent, nullptr);
  const NetworkCounts with = counted(machine);
  ASSERT_EQ(plain.rows.size(), with.rows.size());
  for (size_t i = 0; i < plain.rows.size(); ++i) {
    EXPECT_EQ(plain.rows[i].counts.refs.total(), with.rows[i].counts.refs.total());
    EXPECT_FALSE(plain.rows[i].counts.instructions.has_value());
    EXPECT_TRUE(with.rows[i].counts.instructions.has_value());
    EXPECT_TRUE(with.rows[i].counts.core_cycles.has_value());
  }
  EXPECT_TRUE(with.origin.reorders_instructions.value());
}

// Each machine's own instruction set, AArch64's too; at least a multiply-add for each vector of
// multiply-accumulates.
TEST(InstructionSource, CountsEveryInstructionSet) {
  for (const char* name : {"xeon_x5650", "zen3", "skylake_server", "raspberry_pi_4"}) {
    const Machine machine = find_machine(name);
    const CountedRow all = total(counted(machine).rows);
    const auto lanes = static_cast<uint64_t>(traits(machine.isa).float_lanes);
    const InstructionCounts& instructions = all.counts.instructions.value();
    const uint64_t products = instructions.of(traits(machine.isa).fused_multiply_add
                                                  ? InstructionClass::kMultiplyAdd
                                                  : InstructionClass::kVectorArithmetic);
    EXPECT_GE(products * lanes, all.operations.macs) << name;
    EXPECT_GT(all.counts.core_cycles.value(), all.operations.macs / lanes / 4) << name;
  }
}

TEST(InstructionSource, WithoutACoreThereAreNoCycles) {
  Machine machine = find_machine("zen3");
  machine.core->llvm_cpu.clear();
  const CountedRow all = total(counted(machine).rows);
  EXPECT_TRUE(all.counts.instructions.has_value());
  EXPECT_FALSE(all.counts.core_cycles.has_value());
}

TEST(InstructionSource, RefusesCoresThatLlvmDoesNotKnow) {
  Machine machine = find_machine("zen3");
  machine.core->llvm_cpu = "zen-nine";
  const std::string error = error_text([&] { counted(machine); });
  EXPECT_NE(
      error.find("machine zen3: core.llvm_cpu: found \"zen-nine\", wanted a processor of avx2"),
      std::string::npos)
      << error;
}

}  // namespace
}  // namespace wattgrind
