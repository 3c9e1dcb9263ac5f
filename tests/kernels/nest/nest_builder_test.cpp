// What a built nest holds.
#include "kernels/nest/nest_builder.h"

#include <gtest/gtest.h>

#include "cachesim/program/access_program.h"
#include "kernels/nest/nest_access.h"

namespace wattgrind {
namespace {

TEST(NestBuilder, DropsLoadsThatNothingReads) {
  NestBuilder nest("test", Isa::kAvx2);
  const Address a = nest.buffer(Operand::kInput, TensorRole::kInput, 64);
  const Address b = nest.buffer(Operand::kOutput, TensorRole::kOutput, 64);
  nest.broadcast(8, a);
  nest.loop("only_loads", 3, [&](LoopVariable i) { nest.load(4, stepped(a, i, 16)); });
  nest.loop("copy", 2, [&](LoopVariable i) {
    nest.load(4, stepped(b, i, 32));
    nest.store(nest.load(8, stepped(a, i, 32)), stepped(b, i, 32));
  });
  const LoopNest built = std::move(nest).finish();
  ASSERT_EQ(built.body.size(), 1u);
  EXPECT_EQ(std::get<Loop>(built.body[0].node).name, "copy");
  const std::vector<uint64_t> addresses = {1024, 2048};
  const ReferenceCounts references = count_references(access_program(built, "test", addresses));
  EXPECT_EQ(references.reads, 2u);
  EXPECT_EQ(references.writes, 2u);
}

TEST(AccessPrograms, BuffersAtOneAddressAreOne) {
  NestBuilder nest("test", Isa::kAvx2);
  const Address first = nest.buffer(Operand::kInput, TensorRole::kInput, 32);
  const Address second = nest.buffer(Operand::kInput, TensorRole::kInput, 32, 1);
  const Address out = nest.buffer(Operand::kOutput, TensorRole::kOutput, 32);
  nest.store(nest.apply(Opcode::kMul, nest.load(8, first), nest.load(8, second)), out);
  const LoopNest built = std::move(nest).finish();
  const std::vector<uint64_t> apart = {1024, 2048, 4096}, same = {1024, 1024, 4096};
  EXPECT_EQ(access_program(built, "test", apart).buffers.size(), 3u);
  const AccessProgram program = access_program(built, "test", same);
  EXPECT_EQ(program.buffers.size(), 2u);
  EXPECT_NO_THROW(validate(program));
  EXPECT_EQ(count_references(program).reads, 2u);
}

}  // namespace
}  // namespace wattgrind
