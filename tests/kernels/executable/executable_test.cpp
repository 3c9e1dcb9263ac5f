#include "kernels/executable/executable.h"

#include <gtest/gtest.h>

#include "estimator/machine/host_isa.h"
#include "kernels/run/jit.h"
#include "tests/kernels/executable_fixture.h"

namespace wattgrind {
namespace {

TEST_F(ExecutableTest, RunsNatively) {
  for (Isa isa : {Isa::kSse42, Isa::kAvx2, Isa::kAvx512}) {
    if (isa > host_isa()) continue;
    CallList network = tiles(isa, 4);
    EXPECT_EQ(exit_status({write(network.spec())}), 0) << traits(isa).name;
  }
}

TEST_F(ExecutableTest, ASpillingKernelFindsItsStackAligned) {
  CallList calls(Isa::kSse42);
  calls.add("spills", tile_product(Isa::kSse42, 12, 2, 64));  // 24 sums, 16 registers
  EXPECT_EQ(exit_status({write(calls.spec())}), 0);
}

TEST_F(ExecutableTest, ArenaOfSevenGigabytes) {
  CallList network = tiles(Isa::kSse42, 4);
  network.spec().calls[2].buffer_addresses[2] = kArenaAddress + (uint64_t{7} << 30) - 64;
  network.spec().arena_bytes = uint64_t{7} << 30;
  EXPECT_EQ(exit_status({write(network.spec())}), 0);
}

TEST_F(ExecutableTest, ARefusedArenaIsStatusOne) {
  CallList network = tiles(Isa::kSse42, 4);
  network.spec().arena_address = 0x400000;  // where the text is
  EXPECT_EQ(exit_status({write(network.spec())}), 1);
}

TEST_F(ExecutableTest, TheSameCallsAreTheSameBytes) {
  CallList network = tiles(Isa::kAvx2, 6);
  EXPECT_EQ(make_executable(network.spec()), make_executable(network.spec()));
}

}  // namespace
}  // namespace wattgrind
