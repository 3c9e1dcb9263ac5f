#include "tests/kernels/sample_nests.h"

#include <cstring>
#include <functional>
#include <random>
#include <string>

#include "kernels/nest/nest_builder.h"
#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

constexpr int64_t kFloatBytes = 4;
constexpr int kRegistersOfEachWidth = 4;

class RandomNest {
 public:
  RandomNest(Isa isa, uint64_t seed) : random_(seed) {
    nest_.name = "random" + std::to_string(seed);
    nest_.isa = isa;
    nest_.buffers = {{Operand::kInput, TensorRole::kInput, 0},
                     {Operand::kWeights, TensorRole::kWeights, 0},
                     {Operand::kOutput, TensorRole::kOutput, 0}};
  }

  LoopNest draw() {
    for (int lanes = 1; lanes <= traits(nest_.isa).float_lanes; lanes *= 2) {
      widths_.push_back(lanes);
      for (int i = 0; i < kRegistersOfEachWidth; ++i) {
        const Register reg = new_register(lanes);
        Instruction load = {.opcode = Opcode::kLoad, .lanes = lanes, .dst = reg};
        load.address = draw_address(lanes);
        nest_.body.push_back({load});
      }
    }
    add_statements(nest_.body, 4 + below(12));
    for (Register reg = 0; reg < kRegistersOfEachWidth * static_cast<int>(widths_.size()); ++reg) {
      add_store(nest_.body, reg);
    }
    return std::move(nest_);
  }

 private:
  uint64_t below(uint64_t bound) { return random_() % bound; }

  Register new_register(int lanes) {
    nest_.register_lanes.push_back(lanes);
    return static_cast<Register>(nest_.register_lanes.size()) - 1;
  }

  Register draw_register(size_t width) {
    return static_cast<Register>(width * kRegistersOfEachWidth + below(kRegistersOfEachWidth));
  }

  // Shifted so that its lowest byte is in the buffer, which grows to hold its highest.
  Address draw_address(int values) {
    constexpr int64_t kStrides[] = {4, -4, 16, 64, -64, 36, -100, 512};
    Address address = {.buffer = static_cast<uint32_t>(below(3)),
                       .offset_bytes = static_cast<int64_t>(below(20)) * kFloatBytes};
    int64_t low = 0, high = values * kFloatBytes;
    for (const auto& [loop, trips] : open_loops_) {
      if (below(3) == 0) continue;
      const int64_t bytes = kStrides[below(std::size(kStrides))];
      address.strides.push_back({loop, bytes});
      const int64_t span = bytes * (static_cast<int64_t>(trips) - 1);
      (span < 0 ? low : high) += span;
    }
    address.offset_bytes -= low;
    Buffer& buffer = nest_.buffers[address.buffer];
    buffer.bytes = std::max(buffer.bytes, static_cast<uint64_t>(high + address.offset_bytes));
    return address;
  }

  void add_store(std::vector<Statement>& body, Register reg) {
    const int lanes = nest_.register_lanes[reg];
    Instruction store = {.opcode = Opcode::kStore, .lanes = lanes, .src = {reg, -1, -1, -1}};
    store.address = draw_address(lanes);
    body.push_back({store});
  }

  void add_statements(std::vector<Statement>& body, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      if (open_loops_.size() < 4 && below(5) == 0) {
        body.push_back({draw_loop()});
      } else {
        add_instruction(body);
      }
    }
  }

  Loop draw_loop() {
    constexpr uint64_t kTrips[] = {1, 2, 3, 4, 5, 7, 13};
    Loop loop = {.id = nest_.loop_count++, .name = "loop", .trips = kTrips[below(7)]};
    open_loops_.emplace_back(loop.id, loop.trips);
    add_statements(loop.body, 1 + below(8));
    open_loops_.pop_back();
    return loop;
  }

  // dst = max(low, min(high, a)), which is `low` where a is no number.
  Register clamped(std::vector<Statement>& body, Register a, float low, float high) {
    const int lanes = nest_.register_lanes[a];
    const Register bound = new_register(lanes), result = new_register(lanes);
    body.push_back({Instruction{
        .opcode = Opcode::kConstant, .lanes = lanes, .dst = bound, .immediate = high}});
    body.push_back({Instruction{
        .opcode = Opcode::kMin, .lanes = lanes, .dst = result, .src = {a, bound, -1, -1}}});
    body.push_back(
        {Instruction{.opcode = Opcode::kConstant, .lanes = lanes, .dst = bound, .immediate = low}});
    body.push_back({Instruction{
        .opcode = Opcode::kMax, .lanes = lanes, .dst = result, .src = {result, bound, -1, -1}}});
    return result;
  }

  void add_instruction(std::vector<Statement>& body) {
    // Those on bytes have naive loops of their own (byte_reference.h).
    auto opcode = static_cast<Opcode>(below(static_cast<uint64_t>(Opcode::kLoadU8)));
    // Integers would tell apart NaNs that are alike to floating-point arithmetic.
    if (opcode == Opcode::kMulAddInt64) opcode = Opcode::kMulAdd;
    // Counted code and functions look up different rows.
    if (opcode == Opcode::kIndexedLoad) opcode = Opcode::kLoad;
    const size_t width = below(widths_.size());
    if (opcode == Opcode::kStore) return add_store(body, draw_register(width));
    Instruction instruction = {
        .opcode = opcode, .lanes = widths_[width], .dst = draw_register(width)};
    for (int i = 0; i < traits(opcode).operands; ++i) instruction.src[i] = draw_register(width);
    switch (opcode) {
      case Opcode::kLoad:
        instruction.address = draw_address(instruction.lanes);
        if (below(4) == 0) instruction.ahead_bytes = static_cast<int64_t>(1 + below(300)) * 4096;
        break;
      case Opcode::kBroadcast:
        instruction.address = draw_address(1);
        break;
      case Opcode::kConstant:
        instruction.immediate = static_cast<float>(below(7)) - 3;
        break;
      case Opcode::kExp2Int: {
        instruction.src[0] = clamped(body, instruction.src[0], -126, 127);
        Instruction round = instruction;
        round.opcode = Opcode::kRound;
        body.push_back({round});
        instruction.src[0] = round.dst;
        break;
      }
      case Opcode::kExponent:
      case Opcode::kMantissa:
        instruction.src[0] = clamped(body, instruction.src[0], 1e-30F, 1e30F);
        break;
      case Opcode::kReduceAdd:
      case Opcode::kReduceMax:
        instruction.lanes = 1;
        instruction.dst = draw_register(0);
        break;
      case Opcode::kSplat:
        instruction.src[0] = draw_register(0);
        break;
      default:
        break;
    }
    body.push_back({instruction});
  }

  std::mt19937_64 random_;
  LoopNest nest_;
  std::vector<int> widths_;                                // lane counts: 1, 2, 4, ...
  std::vector<std::pair<uint32_t, uint64_t>> open_loops_;  // id, trips
};

}  // namespace

LoopNest tile_product(Isa isa, int rows, int vectors, uint64_t depth) {
  NestBuilder nest("tile_product", isa);
  const int lanes = traits(isa).float_lanes;
  const int64_t vector_bytes = lanes * kFloatBytes;
  const int64_t row_bytes = vectors * vector_bytes;
  const int64_t left_row_bytes = static_cast<int64_t>(depth) * kFloatBytes;
  const Address left = nest.buffer(Operand::kInput, TensorRole::kInput,
                                   static_cast<uint64_t>(rows * left_row_bytes));
  const Address right = nest.buffer(Operand::kWeights, TensorRole::kWeights,
                                    depth * static_cast<uint64_t>(row_bytes));
  const Address product =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, static_cast<uint64_t>(rows * row_bytes));
  std::vector<Register> sums;
  for (int i = 0; i < rows * vectors; ++i) {
    sums.push_back(nest.load(lanes, moved(product, i * vector_bytes)));
  }
  nest.loop("depth", static_cast<int64_t>(depth), [&](LoopVariable k) {
    std::vector<Register> columns;
    for (int j = 0; j < vectors; ++j) {
      columns.push_back(nest.load(lanes, stepped(moved(right, j * vector_bytes), k, row_bytes)));
    }
    for (int i = 0; i < rows; ++i) {
      const Register row =
          nest.broadcast(lanes, stepped(moved(left, i * left_row_bytes), k, kFloatBytes));
      for (int j = 0; j < vectors; ++j) {
        const Register sum = sums[static_cast<size_t>(i * vectors + j)];
        nest.assign(sum, Opcode::kMulAdd, row, columns[static_cast<size_t>(j)], sum);
      }
    }
  });
  for (int i = 0; i < rows * vectors; ++i) {
    nest.store(sums[static_cast<size_t>(i)], moved(product, i * vector_bytes));
  }
  return std::move(nest).finish();
}

LoopNest tempting_references(Isa isa) {
  NestBuilder nest("tempting_references", isa);
  const int lanes = traits(isa).float_lanes;
  const int64_t vector_bytes = lanes * kFloatBytes;
  const Address in =
      nest.buffer(Operand::kInput, TensorRole::kInput, static_cast<uint64_t>(8 * vector_bytes));
  const Address out =
      nest.buffer(Operand::kOutput, TensorRole::kOutput, static_cast<uint64_t>(8 * vector_bytes));
  nest.loop("vector", 8, [&](LoopVariable i) {
    const Address from = stepped(in, i, vector_bytes), to = stepped(out, i, vector_bytes);
    const Register first = nest.load(lanes, from);
    const Register second = nest.load(lanes, from);
    const Register third = nest.load(lanes, from);
    nest.store(nest.apply(Opcode::kMulAdd, first, second, third), to);
    const Register sum = nest.reduce(Opcode::kReduceAdd, nest.load(lanes, from));
    const Register zero = nest.constant(1, 0);
    for (int64_t lane = 0; lane < lanes; ++lane) nest.store(zero, moved(to, lane * kFloatBytes));
    nest.store(sum, to);
    nest.store(sum, to);
  });
  return std::move(nest).finish();
}

LoopNest crowded_vectors(Isa isa) {
  NestBuilder nest("crowded_vectors", isa);
  const int lanes = traits(isa).float_lanes;
  const int64_t vector_bytes = lanes * kFloatBytes;
  const int values = traits(isa).vector_registers + 6;
  const auto bytes = static_cast<uint64_t>(values * vector_bytes);
  const Address in = nest.buffer(Operand::kInput, TensorRole::kInput, 2 * bytes);
  const Address out = nest.buffer(Operand::kOutput, TensorRole::kOutput, bytes);
  std::vector<Register> sums;
  for (int i = 0; i < values; ++i) sums.push_back(nest.load(lanes, moved(in, i * vector_bytes)));
  nest.loop("repeat", 20, [&](LoopVariable k) {
    for (int i = 0; i < values; ++i) {
      const Register next = nest.load(lanes, stepped(moved(in, i * vector_bytes), k, kFloatBytes));
      nest.assign(sums[static_cast<size_t>(i)], Opcode::kAdd, sums[static_cast<size_t>(i)], next);
    }
  });
  for (int i = 0; i < values; ++i) {
    nest.store(sums[static_cast<size_t>(i)], moved(out, i * vector_bytes));
  }
  return std::move(nest).finish();
}

LoopNest deep_loops(Isa isa) {
  constexpr int kDepth = 15;
  constexpr int kValues = 13;  // too many instructions for the loops to be unrolled
  NestBuilder nest("deep_loops", isa);
  const Address in = nest.buffer(Operand::kInput, TensorRole::kInput, kValues * kFloatBytes);
  const Address out = nest.buffer(Operand::kOutput, TensorRole::kOutput, kValues * kFloatBytes);
  const std::function<void(int)> add_loops = [&](int depth) {
    if (depth > 0) {
      nest.loop("loop" + std::to_string(depth), 2, [&](LoopVariable) { add_loops(depth - 1); });
      return;
    }
    std::vector<Register> values;
    for (int i = 0; i < kValues; ++i) values.push_back(nest.load(1, moved(in, i * kFloatBytes)));
    for (int i = 0; i < kValues; ++i) {
      nest.store(values[static_cast<size_t>(i)], moved(out, i * kFloatBytes));
    }
  };
  add_loops(kDepth);
  return std::move(nest).finish();
}

LoopNest random_nest(Isa isa, uint64_t seed) { return RandomNest(isa, seed).draw(); }

std::vector<std::vector<uint8_t>> random_buffers(const LoopNest& nest, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::vector<uint8_t>> buffers;
  for (const Buffer& buffer : nest.buffers) {
    std::vector<uint8_t>& bytes = buffers.emplace_back(buffer.bytes);
    for (size_t at = 0; at + kFloatBytes <= bytes.size(); at += kFloatBytes) {
      const float value = static_cast<float>(random() % 8193) / 1024 - 4;
      std::memcpy(bytes.data() + at, &value, kFloatBytes);
    }
  }
  return buffers;
}

}  // namespace wattgrind
