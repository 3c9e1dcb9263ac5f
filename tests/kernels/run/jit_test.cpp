#include "kernels/run/jit.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/nest/opcodes.h"
#include "tests/kernels/codegen_targets.h"
#include "tests/kernels/nest_interpreter.h"
#include "tests/kernels/sample_nests.h"

namespace wattgrind {
namespace {

using Buffers = std::vector<std::vector<uint8_t>>;

bool same_value(uint32_t a, uint32_t b) {
  return a == b || (std::isnan(std::bit_cast<float>(a)) && std::isnan(std::bit_cast<float>(b)));
}

// Every float of every buffer, bit by bit; any NaN is like any other.
void expect_same(const LoopNest& nest, const Buffers& found, const Buffers& wanted) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    for (size_t at = 0; at + 4 <= wanted[i].size(); at += 4) {
      uint32_t f = 0, w = 0;
      std::memcpy(&f, found[i].data() + at, 4);
      std::memcpy(&w, wanted[i].data() + at, 4);
      ASSERT_TRUE(same_value(f, w))
          << nest.buffers[i].name() << "[" << at / 4 << "] is " << std::bit_cast<float>(f)
          << ", wanted " << std::bit_cast<float>(w) << "\n"
          << to_text(nest);
    }
  }
}

void run(KernelFunction kernel, Buffers& buffers) {
  std::vector<void*> addresses;
  for (std::vector<uint8_t>& buffer : buffers) addresses.push_back(buffer.data());
  kernel(addresses.data());
}

void expect_runs_as_interpreted(const std::vector<LoopNest>& nests, const CodegenOptions& options) {
  std::vector<const LoopNest*> pointers;
  for (const LoopNest& nest : nests) pointers.push_back(&nest);
  const NativeKernels kernels(pointers, options);
  for (size_t i = 0; i < nests.size(); ++i) {
    Buffers found = random_buffers(nests[i], i);
    Buffers wanted = found;
    run(kernels.function(i), found);
    interpret(nests[i], wanted, options.fuse_multiply_add);
    ASSERT_NO_FATAL_FAILURE(expect_same(nests[i], found, wanted)) << nests[i].name;
  }
}

class JitTest : public HostTargetTest {};

INSTANTIATE_TEST_SUITE_P(Targets, JitTest, testing::ValuesIn(codegen_targets()), target_name);

// Arguments an opcode is defined for, with the edges: ties, zeros of both signs, infinities, NaN.
std::vector<float> arguments(Opcode opcode) {
  switch (opcode) {
    case Opcode::kExp2Int:
      return {-126, -125, -3, -1, -0.0F, 0, 1, 2, 10, 23, 24, 31, 32, 64, 126, 127};
    case Opcode::kExponent:
    case Opcode::kMantissa:
      return {1.17549435e-38F, 1e-30F, 0.1F,  0.5F, 0.99999994F, 1,    1.0000001F, 1.5F,
              1.9999999F,      2,      3.99F, 4,    1e10F,       8191, 1e30F,      3.4e38F};
    case Opcode::kSqrt:
      return {0,    -0.0F, 1,  2,     1e-30F, 1e30F,    0.25F, 3,
              10.5, 1e-8F, 81, 1e-3F, 49,     INFINITY, 1e4F,  7};
    default:
      return {-2.5F, -1.5F, -0.5F, -0.0F, 0,  0.5F,     1.5F,  2.5F,
              0.1F,  -3.3F, 1e20F, 3,     -7, INFINITY, 1e-3F, NAN};
  }
}

// Loads its operands from successive vectors of "in", and stores the result to "out".
LoopNest one_operation(Isa isa, Opcode opcode, int lanes) {
  const OpcodeTraits& operation = traits(opcode);
  const bool reduces = opcode == Opcode::kReduceAdd || opcode == Opcode::kReduceMax;
  const bool looks_up = opcode == Opcode::kIndexedLoad;
  const int operand_lanes = opcode == Opcode::kSplat || looks_up ? 1 : lanes;
  const int result_lanes = reduces ? 1 : lanes;
  LoopNest nest = {.name = std::string(operation.name), .isa = isa};
  nest.buffers = {{Operand::kInput, TensorRole::kInput, 4 * 4 * 16},
                  {Operand::kOutput, TensorRole::kOutput, 4 * 16}};
  Instruction apply = {
      .opcode = opcode, .lanes = result_lanes, .dst = operation.operands, .immediate = -0.75F};
  for (int i = 0; i < operation.operands; ++i) {
    Instruction load = {.opcode = Opcode::kLoad, .lanes = operand_lanes, .dst = i};
    load.address = {.buffer = 0, .offset_bytes = 4 * operand_lanes * i};
    nest.body.push_back({load});
    nest.register_lanes.push_back(operand_lanes);
    apply.src[static_cast<size_t>(i)] = i;
  }
  apply.address = {.buffer = 0, .offset_bytes = looks_up ? 64 : 12};
  if (looks_up) apply.table = {.count = 3, .row_bytes = 64};
  nest.body.push_back({apply});
  nest.register_lanes.push_back(result_lanes);
  Instruction store = {
      .opcode = Opcode::kStore, .lanes = result_lanes, .src = {apply.dst, -1, -1, -1}};
  store.address = {.buffer = 1, .offset_bytes = 0};
  nest.body.push_back({store});
  return nest;
}

TEST_P(JitTest, EveryOpcodeAtEveryWidth) {
  std::vector<LoopNest> nests;
  for (const OpcodeTraits& operation : kOpcodes) {
    if (operation.opcode == Opcode::kStore) continue;
    if (operation.opcode >= Opcode::kLoadU8) continue;  // on bytes: byte_inference_test.cpp
    for (int lanes = 1; lanes <= traits(GetParam().isa).float_lanes; lanes *= 2) {
      if (operation.opcode == Opcode::kMulAddInt64 && lanes != 2) continue;
      nests.push_back(one_operation(GetParam().isa, operation.opcode, lanes));
    }
  }
  std::vector<const LoopNest*> pointers;
  for (const LoopNest& nest : nests) pointers.push_back(&nest);
  const NativeKernels kernels(pointers, GetParam());
  for (size_t i = 0; i < nests.size(); ++i) {
    const std::vector<float> values =
        arguments(std::get<Instruction>((nests[i].body.end() - 2)->node).opcode);
    for (size_t rotation = 0; rotation < values.size(); ++rotation) {
      Buffers found = {std::vector<uint8_t>(4 * 64), std::vector<uint8_t>(4 * 16)};
      for (size_t k = 0; k < 64; ++k) {
        // The operands' lanes meet in every combination as the rotations go round.
        const float value = values[(k + rotation * (1 + k / 16)) % values.size()];
        std::memcpy(found[0].data() + 4 * k, &value, 4);
      }
      Buffers wanted = found;
      run(kernels.function(i), found);
      interpret(nests[i], wanted, GetParam().fuse_multiply_add);
      ASSERT_NO_FATAL_FAILURE(expect_same(nests[i], found, wanted));
    }
  }
}

TEST_P(JitTest, TileProducts) {
  std::vector<LoopNest> nests;
  for (uint64_t depth : {1, 2, 3, 7, 8, 37, 64}) {
    nests.push_back(tile_product(GetParam().isa, 6, 2, depth));
    nests.push_back(tile_product(GetParam().isa, 1, 1, depth));
  }
  expect_runs_as_interpreted(nests, GetParam());
}

TEST_P(JitTest, TemptingReferences) {
  expect_runs_as_interpreted({tempting_references(GetParam().isa)}, GetParam());
}

TEST_P(JitTest, RandomNests) {
  std::vector<LoopNest> nests;
  for (uint64_t seed = 0; seed < 120; ++seed) nests.push_back(random_nest(GetParam().isa, seed));
  for (const LoopNest& nest : nests) verify(nest);
  expect_runs_as_interpreted(nests, GetParam());
}

TEST(NativeKernelsTest, NoNestsIsNoCode) {
  EXPECT_NO_THROW(NativeKernels({}, CodegenOptions{least_host_isa(), false}));
}

}  // namespace
}  // namespace wattgrind
