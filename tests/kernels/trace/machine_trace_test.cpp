// The trace of machine code against the loop nests interpreted.
#include "kernels/trace/machine_trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>

#include "estimator/base/architecture.h"
#include "tests/kernels/codegen_targets.h"
#include "tests/kernels/executable_fixture.h"
#include "tests/kernels/nest_interpreter.h"

namespace wattgrind {
namespace {

using Buffers = std::vector<std::vector<uint8_t>>;
using References = std::vector<TraceRecord>;

bool on_stack(const TraceRecord& record) {
  return record.address >= kStackAddress &&
         record.address + record.bytes <= kStackAddress + kStackBytes;
}

TraceSpec trace_spec(CallList& calls, const CodegenOptions& options, uint64_t buffer_records) {
  return {calls.spec().calls, calls.spec().arena_bytes, options, buffer_records};
}

// The references of each call; fails where calls do not come in order.
std::vector<References> run(MachineTrace& trace, size_t calls) {
  std::vector<References> result(calls);
  size_t last = 0;
  trace.run([&](size_t call, std::span<const TraceRecord> references) {
    EXPECT_GE(call, last);
    last = call;
    References& all = result.at(call);
    all.insert(all.end(), references.begin(), references.end());
  });
  return result;
}

// Where a call's buffers lie in the arena.
uint8_t* begin_of(const MachineTrace& trace, const KernelCall& call, size_t buffer) {
  return trace.arena().data() + (call.buffer_addresses[buffer] - kArenaAddress);
}

void expect_same_floats(const uint8_t* found, const std::vector<uint8_t>& wanted,
                        const std::string& what) {
  for (size_t at = 0; at + 4 <= wanted.size(); at += 4) {
    float f = 0, w = 0;
    std::memcpy(&f, found + at, 4);
    std::memcpy(&w, wanted.data() + at, 4);
    const bool same = std::bit_cast<uint32_t>(f) == std::bit_cast<uint32_t>(w);
    ASSERT_TRUE(same || (std::isnan(f) && std::isnan(w)))
        << what << "[" << at / 4 << "] is " << f << ", wanted " << w;
  }
}

void expect_same_references(const References& found, const std::vector<NestReference>& wanted,
                            const KernelCall& call) {
  size_t next = 0;
  for (const TraceRecord& record : found) {
    if (on_stack(record)) continue;
    ASSERT_LT(next, wanted.size()) << call.symbol;
    const NestReference& reference = wanted[next++];
    const TraceRecord in_arena = {
        .address = call.buffer_addresses[reference.buffer] + reference.offset_bytes,
        .bytes = static_cast<uint16_t>(reference.bytes),
        .is_read = !reference.is_write,
        .is_write = reference.is_write};
    ASSERT_EQ(record, in_arena) << call.symbol << ", reference " << next - 1;
  }
  ASSERT_EQ(next, wanted.size()) << call.symbol;
}

class MachineTraceTest : public HostTargetTest {
 protected:
  // Traces the calls, and holds references and results against the interpreter's. Returns the
  // references.
  std::vector<References> expect_as_interpreted(CallList& calls, uint64_t buffer_records) {
    MachineTrace trace(trace_spec(calls, GetParam(), buffer_records));
    const std::vector<KernelCall>& list = calls.spec().calls;
    std::vector<Buffers> buffers;
    for (size_t i = 0; i < list.size(); ++i) {
      buffers.push_back(random_buffers(calls.nests()[i], i));
      for (size_t b = 0; b < buffers[i].size(); ++b) {
        std::ranges::copy(buffers[i][b], begin_of(trace, list[i], b));
      }
    }
    std::vector<References> found = run(trace, list.size());
    for (size_t i = 0; i < list.size(); ++i) {
      std::vector<NestReference> wanted;
      interpret(calls.nests()[i], buffers[i], GetParam().fuse_multiply_add, &wanted);
      expect_same_references(found[i], wanted, list[i]);
      for (size_t b = 0; b < buffers[i].size() && !HasFatalFailure(); ++b) {
        expect_same_floats(begin_of(trace, list[i], b), buffers[i][b], list[i].symbol);
      }
      if (HasFatalFailure()) break;
    }
    return found;
  }
};

// Those of x86: no other code is traced.
std::vector<CodegenOptions> traced_targets() {
  std::vector<CodegenOptions> traced;
  for (const CodegenOptions& options : codegen_targets()) {
    if (architecture_of(options.isa) == Architecture::kX86) traced.push_back(options);
  }
  return traced;
}

INSTANTIATE_TEST_SUITE_P(Targets, MachineTraceTest, testing::ValuesIn(traced_targets()),
                         target_name);

constexpr uint64_t kLargeBuffer = 1 << 16;

TEST_P(MachineTraceTest, RandomNests) {
  CallList calls(GetParam().isa);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    calls.add("nest" + std::to_string(seed), random_nest(GetParam().isa, seed));
  }
  expect_as_interpreted(calls, kLargeBuffer);
}

// The buffer is as small as it can be: it is emptied in the middle of every loop, and nothing that
// was in a register then is lost.
TEST_P(MachineTraceTest, NothingIsLostWhereTheBufferIsFull) {
  CallList calls(GetParam().isa);
  for (uint64_t seed = 100; seed < 108; ++seed) {
    calls.add("nest" + std::to_string(seed), random_nest(GetParam().isa, seed));
  }
  calls.add("tile", tile_product(GetParam().isa, 4, 2, 363));
  calls.add("crowded", crowded_vectors(GetParam().isa));
  calls.add("tempting", tempting_references(GetParam().isa));
  expect_as_interpreted(calls, 1);
}

// A value comes from the stack with the bytes it went there with.
TEST_P(MachineTraceTest, SpilledRegistersAreOnTheStack) {
  CallList calls(GetParam().isa);
  calls.add("crowded", crowded_vectors(GetParam().isa));
  const References found = expect_as_interpreted(calls, kLargeBuffer)[0];
  std::map<uint64_t, uint16_t> spilled;  // bytes, by address
  size_t reads = 0;
  for (const TraceRecord& record : found) {
    if (!on_stack(record)) continue;
    if (record.is_write) spilled[record.address] = record.bytes;
    if (record.is_read) {
      ++reads;
      EXPECT_EQ(spilled[record.address], record.bytes);
    }
  }
  EXPECT_GE(spilled.size(), 6);
  EXPECT_GE(reads, spilled.size());
}

TEST_P(MachineTraceTest, LoopCountersAreOnTheStack) {
  CallList calls(GetParam().isa);
  calls.add("deep", deep_loops(GetParam().isa));
  const References found = expect_as_interpreted(calls, kLargeBuffer)[0];
  std::map<uint64_t, int> writes;  // by address: a saved register is written once
  for (const TraceRecord& record : found) {
    if (on_stack(record) && record.is_write) ++writes[record.address];
  }
  EXPECT_TRUE(std::ranges::any_of(writes, [](const auto& slot) { return slot.second > 1; }));
}

TEST_P(MachineTraceTest, TwoRunsAreTheSame) {
  CallList calls = tiles(GetParam().isa, 4);
  MachineTrace trace(trace_spec(calls, GetParam(), kLargeBuffer));
  const size_t count = calls.nests().size();
  EXPECT_EQ(run(trace, count), run(trace, count));
}

TEST(MachineTraceFailureTest, WhatTheConsumerThrowsEndsTheRun) {
  CallList calls = tiles(Isa::kSse42, 4);
  MachineTrace trace(trace_spec(calls, {Isa::kSse42, false}, 1));
  size_t handed_over = 0;
  EXPECT_THROW(trace.run([&](size_t, std::span<const TraceRecord>) {
    if (++handed_over == 3) throw std::runtime_error("enough");
  }),
               std::runtime_error);
  EXPECT_EQ(handed_over, 3);
  EXPECT_FALSE(run(trace, calls.nests().size()).back().empty()) << "does not run again";
}

}  // namespace
}  // namespace wattgrind
