#include "tests/kernels/nest_interpreter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

constexpr size_t kMaxLanes = 16;
using Lanes = std::array<float, kMaxLanes>;

class Interpreter {
 public:
  Interpreter(const LoopNest& nest, std::vector<std::vector<uint8_t>>& buffers, bool fuse,
              std::vector<NestReference>* references)
      : nest_(nest),
        buffers_(buffers),
        fuse_(fuse),
        references_(references),
        iteration_(nest.loop_count),
        registers_(nest.register_lanes.size()) {}

  void run(const std::vector<Statement>& body) {
    for (const Statement& statement : body) {
      if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
        for (uint64_t& i = iteration_[loop->id] = 0; i < loop->trips; ++i) run(loop->body);
      } else {
        execute(std::get<Instruction>(statement.node));
      }
    }
  }

  ReferencesMade made() const { return made_; }

 private:
  // Where the reference is, which is counted.
  uint8_t* refer(const Address& address, size_t values, bool is_write) {
    int64_t offset_bytes = address.offset_bytes;
    for (const Stride& stride : address.strides) {
      offset_bytes += stride.bytes * static_cast<int64_t>(iteration_[stride.loop]);
    }
    std::vector<uint8_t>& buffer = buffers_[address.buffer];
    CHECK(offset_bytes >= 0 && static_cast<size_t>(offset_bytes) + 4 * values <= buffer.size(),
          "{}: byte {} of buffer {}", nest_.name, offset_bytes, address.buffer);
    ++(is_write ? made_.writes : made_.reads);
    if (references_ != nullptr) {
      references_->push_back({address.buffer, static_cast<uint64_t>(offset_bytes),
                              static_cast<uint32_t>(4 * values), is_write});
    }
    return buffer.data() + offset_bytes;
  }

  float fold(const Instruction& instruction) const {
    Lanes lanes = registers_[instruction.src[0]];
    for (int half = nest_.register_lanes[instruction.src[0]] / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) {
        const float upper = lanes[i + half];
        lanes[i] = instruction.opcode == Opcode::kReduceAdd ? lanes[i] + upper
                   : lanes[i] > upper                       ? lanes[i]
                                                            : upper;
      }
    }
    return lanes[0];
  }

  float lane(const Instruction& instruction, size_t i) const {
    const auto source = [&](size_t operand) {
      return instruction.src[operand] == kNoRegister ? 0.0F
                                                     : registers_[instruction.src[operand]][i];
    };
    const float a = source(0), b = source(1), c = source(2), d = source(3);
    switch (instruction.opcode) {
      case Opcode::kConstant:
        return instruction.immediate;
      case Opcode::kMove:
        return a;
      case Opcode::kAdd:
        return a + b;
      case Opcode::kSub:
        return a - b;
      case Opcode::kMul:
        return a * b;
      case Opcode::kDiv:
        return a / b;
      case Opcode::kMax:
        return a > b ? a : b;
      case Opcode::kMin:
        return a < b ? a : b;
      case Opcode::kMulAdd:
        return multiply_add(a, b, c);
      case Opcode::kSqrt:
        return std::sqrt(a);
      case Opcode::kRound:
        return std::nearbyint(a);
      case Opcode::kExp2Int:
        return std::ldexp(1.0F, static_cast<int>(a));
      case Opcode::kExponent:
        return static_cast<float>(std::ilogb(a));
      case Opcode::kMantissa:
        return std::ldexp(a, -std::ilogb(a));
      case Opcode::kSelectGt:
        return a > b ? c : d;
      case Opcode::kSelectEq:
        return a == b ? c : d;
      default:
        break;
    }
    CHECK(false, "opcode {}", static_cast<int>(instruction.opcode));
    return 0;
  }

  float multiply_add(float a, float b, float c) const {
    return fuse_ ? std::fma(a, b, c) : a * b + c;
  }

  uint64_t integer(Register reg) const {
    uint64_t value = 0;
    std::memcpy(&value, registers_[reg].data(), sizeof value);
    return value;
  }

  // What native functions load, wherever the reference is counted.
  const uint8_t* looked_up(const Instruction& instruction) const {
    const TableRows& table = instruction.table;
    const float index = registers_[instruction.src[0]][0];
    const auto last = static_cast<float>(table.count - 1);
    const int64_t row = !(index > 0) ? 0 : static_cast<int64_t>(std::min(index, last));
    int64_t in_row = instruction.address.offset_bytes;
    for (const Stride& stride : instruction.address.strides) {
      in_row += stride.bytes * static_cast<int64_t>(iteration_[stride.loop]);
    }
    return buffers_[instruction.address.buffer].data() + row * table.row_bytes +
           in_row % table.row_bytes;
  }

  void execute(const Instruction& instruction) {
    const auto lanes = static_cast<size_t>(instruction.lanes);
    Lanes result = {};
    switch (instruction.opcode) {
      case Opcode::kStore:
        std::memcpy(refer(instruction.address, lanes, true), registers_[instruction.src[0]].data(),
                    4 * lanes);
        return;
      case Opcode::kLoad:
        std::memcpy(result.data(), refer(instruction.address, lanes, false), 4 * lanes);
        break;
      case Opcode::kIndexedLoad:
        refer(instruction.address, lanes, false);
        std::memcpy(result.data(), looked_up(instruction), 4 * lanes);
        break;
      case Opcode::kBroadcast: {
        float value = 0;
        std::memcpy(&value, refer(instruction.address, 1, false), 4);
        result.fill(value);
        break;
      }
      case Opcode::kReduceAdd:
      case Opcode::kReduceMax:
        result[0] = fold(instruction);
        break;
      case Opcode::kMulAddInt64: {
        const uint64_t value =
            integer(instruction.src[0]) * integer(instruction.src[1]) + integer(instruction.src[2]);
        std::memcpy(result.data(), &value, sizeof value);
        break;
      }
      case Opcode::kSplat:
        result.fill(registers_[instruction.src[0]][0]);
        break;
      default:
        for (size_t i = 0; i < lanes; ++i) result[i] = lane(instruction, i);
    }
    registers_[instruction.dst] = result;
  }

  const LoopNest& nest_;
  std::vector<std::vector<uint8_t>>& buffers_;
  const bool fuse_;
  std::vector<NestReference>* const references_;
  std::vector<uint64_t> iteration_;  // by loop id
  std::vector<Lanes> registers_;
  ReferencesMade made_;
};

}  // namespace

ReferencesMade interpret(const LoopNest& nest, std::vector<std::vector<uint8_t>>& buffers,
                         bool fuse, std::vector<NestReference>* references) {
  Interpreter interpreter(nest, buffers, fuse, references);
  interpreter.run(nest.body);
  return interpreter.made();
}

}  // namespace wattgrind
