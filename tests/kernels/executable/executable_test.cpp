#include "kernels/executable/executable.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/kernels/codegen_targets.h"
#include "tests/kernels/executable_fixture.h"

namespace wattgrind {
namespace {

const Isa kIsa = least_host_isa();

TEST_F(ExecutableTest, RunsNatively) {
  for (Isa isa : {Isa::kSse42, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    if (!host_runs(isa)) continue;
    CallList network = tiles(isa, 4);
    EXPECT_EQ(exit_status(command(network.spec())), 0) << traits(isa).name;
  }
}

TEST_F(ExecutableTest, ASpillingKernelFindsItsStackAligned) {
  const int rows = traits(kIsa).vector_registers * 3 / 4;  // of two sums each
  CallList calls(kIsa);
  calls.add("spills", tile_product(kIsa, rows, 2, 64));
  EXPECT_EQ(exit_status(command(calls.spec())), 0);
}

TEST_F(ExecutableTest, ArenaOfSevenGigabytes) {
  CallList network = tiles(kIsa, 4);
  network.spec().calls[2].buffer_addresses[2] = kArenaAddress + (uint64_t{7} << 30) - 64;
  network.spec().arena_bytes = uint64_t{7} << 30;
  EXPECT_EQ(exit_status(command(network.spec())), 0);
}

TEST_F(ExecutableTest, ARefusedArenaIsStatusOne) {
  CallList network = tiles(kIsa, 4);
  network.spec().arena_address = 0x400000;  // where the text is
  EXPECT_EQ(exit_status(command(network.spec())), 1);
}

// As the kernel of a system with 64 KiB pages wants it, which maps whole pages of the file.
TEST_F(ExecutableTest, OfAarch64PartsLieOnTheLargestPages) {
  const std::vector<uint8_t> bytes = make_executable(tiles(Isa::kNeon, 4).spec());
  Elf64_Ehdr header = {};
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header.e_machine, EM_AARCH64);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment = {};
    std::memcpy(&segment, bytes.data() + header.e_phoff + i * sizeof segment, sizeof segment);
    EXPECT_EQ(segment.p_align, 65536u);
    EXPECT_EQ(segment.p_vaddr % 65536, segment.p_offset % 65536);
  }
}

TEST_F(ExecutableTest, TheSameCallsAreTheSameBytes) {
  CallList network = tiles(Isa::kAvx2, 6);
  EXPECT_EQ(make_executable(network.spec()), make_executable(network.spec()));
}

}  // namespace
}  // namespace wattgrind
