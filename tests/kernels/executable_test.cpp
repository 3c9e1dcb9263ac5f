#include "kernels/executable.h"

#include <gtest/gtest.h>

#include "kernels/jit.h"
#include "tests/kernels/executable_fixture.h"

namespace wattgrind {
namespace {

TEST_F(ExecutableTest, RunsNatively) {
  for (Isa isa : {Isa::kSse42, Isa::kAvx2, Isa::kAvx512}) {
    if (isa > host_isa()) continue;
    CallList network = tiles(isa, 4);
    const ExecutableCode code = compile_executable(network.spec());
    EXPECT_EQ(exit_status({write(code, 1)}), 0) << traits(isa).name;
    EXPECT_EQ(exit_status({write(code, 1000)}), 0) << traits(isa).name;
  }
}

TEST_F(ExecutableTest, ASpillingKernelFindsItsStackAligned) {
  CallList calls(Isa::kSse42);
  calls.add("spills", tile_product(Isa::kSse42, 12, 2, 64));  // 24 sums, 16 registers
  EXPECT_EQ(exit_status({write(compile_executable(calls.spec()), 2)}), 0);
}

TEST_F(ExecutableTest, ArenaOfSevenGigabytes) {
  CallList network = tiles(Isa::kSse42, 4);
  network.spec().calls[2].buffer_addresses[2] = kArenaAddress + (uint64_t{7} << 30) - 64;
  network.spec().arena_bytes = uint64_t{7} << 30;
  EXPECT_EQ(exit_status({write(compile_executable(network.spec()), 1)}), 0);
}

TEST_F(ExecutableTest, ARefusedArenaIsStatusOne) {
  CallList network = tiles(Isa::kSse42, 4);
  network.spec().arena_address = 0x400000;  // where the text is
  EXPECT_EQ(exit_status({write(compile_executable(network.spec()), 1)}), 1);
}

TEST_F(ExecutableTest, TheSameCallsAreTheSameBytes) {
  CallList network = tiles(Isa::kAvx2, 6);
  const ExecutableCode first = compile_executable(network.spec());
  const ExecutableCode second = compile_executable(network.spec());
  EXPECT_EQ(link_executable(first, 2), link_executable(second, 2));
  const std::vector<uint8_t> one = link_executable(first, 1), two = link_executable(first, 2);
  ASSERT_EQ(one.size(), two.size());
  size_t different = 0;
  for (size_t i = 0; i < one.size(); ++i) different += one[i] != two[i] ? 1 : 0;
  EXPECT_EQ(different, 1) << "only the number of passes differs";
}

}  // namespace
}  // namespace wattgrind
