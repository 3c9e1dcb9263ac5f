#include "kernels/nest/nest.h"

#include <fmt/format.h>

#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

std::string address_text(const LoopNest& nest, const Address& address) {
  std::string text = nest.buffers[address.buffer].name() + "[";
  for (const Stride& stride : address.strides) {
    text += fmt::format("{}*i{} + ", stride.bytes, stride.loop);
  }
  return text + fmt::format("{}]", address.offset_bytes);
}

void append_text(const LoopNest& nest, const std::vector<Statement>& body, int depth,
                 std::string& text) {
  for (const Statement& statement : body) {
    text.append(2 * static_cast<size_t>(depth), ' ');
    if (const auto* instruction = std::get_if<Instruction>(&statement.node)) {
      text += to_text(nest, *instruction) + "\n";
    } else {
      const Loop& loop = std::get<Loop>(statement.node);
      text += fmt::format("for i{} in {}  # {}\n", loop.id, loop.trips, loop.name);
      append_text(nest, loop.body, depth + 1, text);
    }
  }
}

}  // namespace

std::string Buffer::name() const {
  return index == 0 ? std::string(wattgrind::name(operand))
                    : fmt::format("{}{}", wattgrind::name(operand), index + 1);
}

int64_t access_bytes(const Instruction& instruction) {
  constexpr int64_t kLaneBytes = 4;
  if (instruction.opcode == Opcode::kBroadcast) return kLaneBytes;
  return is_of_bytes(instruction.opcode) ? instruction.lanes : kLaneBytes * instruction.lanes;
}

std::string to_text(const LoopNest& nest, const Instruction& instruction) {
  const OpcodeTraits& opcode = traits(instruction.opcode);
  std::string text;
  if (opcode.has_result) text = fmt::format("r{}:{} = ", instruction.dst, instruction.lanes);
  text += opcode.name;
  if (opcode.is_memory) text += " " + address_text(nest, instruction.address);
  if (instruction.opcode == Opcode::kIndexedLoad) {
    text += fmt::format(" of {} rows of {} bytes", instruction.table.count,
                        instruction.table.row_bytes);
  }
  if (instruction.ahead_bytes != 0) text += fmt::format(" ahead {}", instruction.ahead_bytes);
  if (is_constant(instruction.opcode)) text += fmt::format(" {}", instruction.immediate);
  for (int i = 0; i < opcode.operands; ++i) {
    text += fmt::format("{} r{}", i > 0 || opcode.is_memory ? "," : "", instruction.src[i]);
  }
  return text;
}

std::string to_text(const LoopNest& nest) {
  std::string text = fmt::format("nest {} ({})\n", nest.name, traits(nest.isa).name);
  for (const Buffer& buffer : nest.buffers) {
    text += fmt::format("  {} {}: {} bytes\n", name(buffer.role), buffer.name(), buffer.bytes);
  }
  append_text(nest, nest.body, 1, text);
  return text;
}

}  // namespace wattgrind
