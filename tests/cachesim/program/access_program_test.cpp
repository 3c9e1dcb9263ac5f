#include "cachesim/program/access_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using ::testing::HasSubstr;

// for i0 in 3: { read4 in[8*i0]; for i1 in 5: write16 out[64*i0 + 16*i1 + 32] }
AccessProgram two_loops() {
  AccessProgram program;
  program.name = "two_loops";
  program.buffers = {{"in", TensorRole::kInput, 0x1000, 20},
                     {"out", TensorRole::kOutput, 0x2000, 32 + 2 * 64 + 4 * 16 + 16}};
  program.loop_count = 2;
  const Access read{0, 0, {{0, 8}}, 4, false};
  const Access write{1, 32, {{0, 64}, {1, 16}}, 16, true};
  program.body = {{AccessLoop{0, "row", 3, {{read}, {AccessLoop{1, "lane", 5, {{write}}}}}}}};
  return program;
}

Access& the_read(AccessProgram& program) {
  return std::get<Access>(std::get<AccessLoop>(program.body[0].node).body[0].node);
}

AccessLoop& inner_loop(AccessProgram& program) {
  return std::get<AccessLoop>(std::get<AccessLoop>(program.body[0].node).body[1].node);
}

std::string error_of(const AccessProgram& program) {
  try {
    validate(program);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "none";
}

TEST(AccessProgram, Prints) {
  EXPECT_EQ(to_text(two_loops()),
            "program two_loops\n"
            "  input in 20 bytes at 0x1000\n"
            "  output out 240 bytes at 0x2000\n"
            "  for i0 in 3  # row\n"
            "    read4 in[8*i0 + 0]\n"
            "    for i1 in 5  # lane\n"
            "      write16 out[64*i0 + 16*i1 + 32]\n");
}

TEST(AccessProgram, CountsReferencesFromTripCounts) {
  const ReferenceCounts counts = count_references(two_loops());
  EXPECT_EQ(counts.reads, 3u);
  EXPECT_EQ(counts.writes, 15u);
  EXPECT_EQ(counts.read_bytes, 12u);
  EXPECT_EQ(counts.written_bytes, 240u);
}

TEST(AccessProgram, CountsReferencesByBuffer) {
  const std::vector<ReferenceCounts> counts = count_references_by_buffer(two_loops());
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].reads, 3u);
  EXPECT_EQ(counts[0].writes, 0u);
  EXPECT_EQ(counts[1].writes, 15u);
  EXPECT_EQ(counts[1].written_bytes, 240u);
}

TEST(AccessProgram, IsValidToTheLastByteOfItsBuffers) { EXPECT_EQ(error_of(two_loops()), "none"); }

TEST(AccessProgram, RefusesAReferenceOneByteBehindItsBuffer) {
  AccessProgram program = two_loops();
  --program.buffers[1].bytes;
  EXPECT_THAT(error_of(program), HasSubstr("leaves buffer out of 239 bytes"));
}

TEST(AccessProgram, RefusesAReferenceBeforeItsBuffer) {
  AccessProgram program = two_loops();
  the_read(program).strides[0].bytes = -8;
  EXPECT_THAT(error_of(program), HasSubstr("leaves buffer in"));
}

TEST(AccessProgram, RefusesReferencesWithoutBytesOrBuffer) {
  AccessProgram program = two_loops();
  the_read(program).bytes = 0;
  EXPECT_THAT(error_of(program), HasSubstr("leaves buffer in"));
  program = two_loops();
  the_read(program).buffer = 2;
  EXPECT_THAT(error_of(program), HasSubstr("names buffer 2, there are 2"));
}

TEST(AccessProgram, RefusesStridesOfLoopsThatDoNotEnclose) {
  AccessProgram program = two_loops();
  the_read(program).strides[0].loop = 1;
  EXPECT_THAT(error_of(program), HasSubstr("loop 1 does not enclose"));
}

TEST(AccessProgram, RefusesLoopsWithoutTripsOrNumber) {
  AccessProgram program = two_loops();
  inner_loop(program).trips = 0;
  EXPECT_THAT(error_of(program), HasSubstr("loop 1 (lane): found 0 trips"));
  program = two_loops();
  inner_loop(program).id = 0;
  EXPECT_THAT(error_of(program), HasSubstr("its number is not its own"));
  program = two_loops();
  program.loop_count = 1;
  EXPECT_THAT(error_of(program), HasSubstr("its number is not its own below 1"));
}

TEST(AccessProgram, RefusesOverlappingBuffers) {
  AccessProgram program = two_loops();
  program.buffers[0].address = 0x2000 - 19;
  EXPECT_THAT(error_of(program), HasSubstr("buffers in and out overlap at 0x2000"));
  program.buffers[0].address = 0x2000 - 20;
  EXPECT_EQ(error_of(program), "none");
}

TEST(AccessProgram, RefusesBuffersPastTheAddressSpace) {
  AccessProgram program = two_loops();
  program.buffers[1].address = std::numeric_limits<uint64_t>::max() - 100;
  EXPECT_THAT(error_of(program), HasSubstr("end past the address space"));
}

TEST(AccessProgram, RefusesCountsThatOverflow) {
  AccessProgram program = two_loops();
  std::get<Access>(inner_loop(program).body[0].node).strides.clear();
  inner_loop(program).trips = uint64_t{1} << 59;
  EXPECT_THAT(error_of(program), HasSubstr("more than 2^64 bytes"));
  inner_loop(program).trips = uint64_t{1} << 63;
  EXPECT_THAT(error_of(program), HasSubstr("more than 2^64 iterations"));
}

}  // namespace
}  // namespace wattgrind
