#include "kernels/codegen/code_target.h"

#include <gtest/gtest.h>

#include <cstring>

namespace wattgrind {
namespace {

uint32_t word_at(const MachineCode& code, size_t offset) {
  uint32_t word = 0;
  std::memcpy(&word, code.text.data() + offset, sizeof word);
  return word;
}

// Arm ARM, C6.2.26: B is 000101 and 26 bits, the distance in instructions.
TEST(AddressFixups, ABranchOfAarch64HoldsTheDistance) {
  MachineCode code = assemble("nop\nb continuation\n", Isa::kNeon);
  ASSERT_EQ(code.fixups.size(), 1u);
  EXPECT_EQ(code.fixups[0].offset_bytes, 4u);
  EXPECT_EQ(code.fixups[0].form, FixupForm::kBranch26);
  fill_addresses(code, 0x400000, 0x400104);
  EXPECT_EQ(word_at(code, 4), 0x14000040u);
  fill_addresses(code, 0x400000, 0x3fff04);  // filled in again, backwards
  EXPECT_EQ(word_at(code, 4), 0x17ffffc0u);
  EXPECT_EQ(word_at(code, 0), 0xd503201fu);  // the nop stays
}

TEST(AddressFixups, AnAddressOfX86HoldsTheTarget) {
  MachineCode code = assemble("movabsq $continuation, %rax\n", Isa::kSse42);
  ASSERT_EQ(code.fixups.size(), 1u);
  EXPECT_EQ(code.fixups[0].form, FixupForm::kAddress);
  fill_addresses(code, 0x400000, 0x123456789abcdef0);
  uint64_t target = 0;
  std::memcpy(&target, code.text.data() + code.fixups[0].offset_bytes, sizeof target);
  EXPECT_EQ(target, 0x123456789abcdef0u);
}

TEST(AddressFixupsDeathTest, ABranchBeyondItsReachIsOurMistake) {
  MachineCode code = assemble("b continuation\n", Isa::kNeon);
  EXPECT_DEATH(fill_addresses(code, 0x400000, 0x400000 + (uint64_t{1} << 27)), "a branch over");
}

TEST(CodeTarget, EachSetBelongsToItsFamily) {
  for (const IsaTraits& each : kIsas) {
    const bool is_arm = each.isa == Isa::kNeon;
    EXPECT_EQ(std::string_view(code_target(each.isa).triple()).starts_with("aarch64"), is_arm)
        << each.name;
    EXPECT_EQ(code_target(each.isa).byte_dots(each.isa) == nullptr, each.isa == Isa::kSse42)
        << each.name;
  }
}

}  // namespace
}  // namespace wattgrind
