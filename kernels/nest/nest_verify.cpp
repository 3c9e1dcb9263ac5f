#include <bit>
#include <limits>

#include "estimator/base/error.h"
#include "kernels/nest/nest.h"
#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

using Int128 = __int128;

class Verifier {
 public:
  explicit Verifier(const LoopNest& nest)
      : nest_(nest), defined_(nest.register_lanes.size(), false), trips_(nest.loop_count, 0) {}

  void verify_body(const std::vector<Statement>& body) {
    for (const Statement& statement : body) {
      if (const auto* instruction = std::get_if<Instruction>(&statement.node)) {
        verify_instruction(*instruction);
      } else {
        verify_loop(std::get<Loop>(statement.node));
      }
    }
  }

 private:
  std::string text(const Instruction& instruction) const {
    return nest_.name + ": " + to_text(nest_, instruction);
  }

  void verify_loop(const Loop& loop) {
    CHECK(loop.trips > 0, "{}: loop {}", nest_.name, loop.name);
    CHECK(loop.id < nest_.loop_count && trips_[loop.id] == 0, "{}: loop {} has number {} of {}",
          nest_.name, loop.name, loop.id, nest_.loop_count);
    trips_[loop.id] = loop.trips;
    verify_body(loop.body);
    trips_[loop.id] = 0;
  }

  void verify_instruction(const Instruction& instruction) {
    const OpcodeTraits& opcode = traits(instruction.opcode);
    const auto lanes = static_cast<unsigned>(instruction.lanes);
    CHECK(std::has_single_bit(lanes) && instruction.lanes <= traits(nest_.isa).float_lanes, "{}",
          text(instruction));
    for (int i = 0; i < opcode.operands; ++i) verify_operand(instruction, instruction.src[i]);
    if (opcode.is_memory) verify_address(instruction);
    if (instruction.opcode == Opcode::kIndexedLoad) verify_table(instruction);
    if (instruction.opcode == Opcode::kMulAddInt64) {
      CHECK(instruction.lanes == 2, "{}", text(instruction));
    }
    const bool is_signed_dot = instruction.opcode == Opcode::kDotS8S8;
    const bool is_unsigned_dot =
        instruction.opcode == Opcode::kDotU8S8 || instruction.opcode == Opcode::kDotU8S7;
    CHECK(nest_.isa == Isa::kNeon ? !is_unsigned_dot : !is_signed_dot, "{}", text(instruction));
    if (!opcode.has_result) return;
    const auto dst = static_cast<size_t>(instruction.dst);
    CHECK(dst < defined_.size() && nest_.register_lanes[dst] == instruction.lanes, "{}",
          text(instruction));
    defined_[dst] = true;
  }

  void verify_operand(const Instruction& instruction, Register source) const {
    const auto index = static_cast<size_t>(source);
    CHECK(index < defined_.size() && defined_[index], "{}: r{} is read before it is written",
          text(instruction), source);
    const int lanes = nest_.register_lanes[index];
    switch (instruction.opcode) {
      case Opcode::kReduceAdd:
      case Opcode::kReduceMax:
        CHECK(instruction.lanes == 1, "{}", text(instruction));
        return;
      case Opcode::kSplat:
      case Opcode::kIndexedLoad:
        CHECK(lanes == 1, "{}", text(instruction));
        return;
      default:
        CHECK(lanes == instruction.lanes, "{}: r{} has {} lanes", text(instruction), source, lanes);
    }
  }

  void verify_address(const Instruction& instruction) const {
    const Address& address = instruction.address;
    CHECK(address.buffer < nest_.buffers.size(), "{}", text(instruction));
    Int128 low = address.offset_bytes;
    Int128 high = low + access_bytes(instruction);
    for (const Stride& stride : address.strides) {
      CHECK(stride.loop < trips_.size() && trips_[stride.loop] > 0 && stride.bytes != 0,
            "{}: loop i{} is not around it, or its stride is zero", text(instruction), stride.loop);
      const Int128 span = Int128{stride.bytes} * (trips_[stride.loop] - 1);
      (span < 0 ? low : high) += span;
    }
    CHECK(low >= 0 && high <= Int128{nest_.buffers[address.buffer].bytes},
          "{}: leaves its buffer of {} bytes", text(instruction),
          nest_.buffers[address.buffer].bytes);
  }

  // Within a row, wherever it is, the load stays in the row.
  void verify_table(const Instruction& instruction) const {
    const TableRows& table = instruction.table;
    CHECK(table.count > 0 && table.count <= kMostTableRows && table.row_bytes > 0 &&
              Int128{table.count} * table.row_bytes <=
                  Int128{nest_.buffers[instruction.address.buffer].bytes},
          "{}: {} rows of {} bytes", text(instruction), table.count, table.row_bytes);
    const Address in_row = address_in_row(instruction);
    Int128 high = Int128{in_row.offset_bytes} + 4 * instruction.lanes;
    for (const Stride& stride : in_row.strides) {
      CHECK(stride.bytes > 0, "{}: goes backwards in a row", text(instruction));
      high += Int128{stride.bytes} * (trips_[stride.loop] - 1);
    }
    CHECK(high <= table.row_bytes, "{}: leaves its row of {} bytes", text(instruction),
          table.row_bytes);
  }

  const LoopNest& nest_;
  std::vector<bool> defined_;
  std::vector<uint64_t> trips_;  // by loop; 0 where the loop is not around the current statement
};

}  // namespace

Address address_in_row(const Instruction& instruction) {
  const int64_t row_bytes = instruction.table.row_bytes;
  Address address = instruction.address;
  address.offset_bytes %= row_bytes;
  std::erase_if(address.strides,
                [&](const Stride& stride) { return stride.bytes % row_bytes == 0; });
  return address;
}

void verify(const LoopNest& nest) { Verifier(nest).verify_body(nest.body); }

}  // namespace wattgrind
