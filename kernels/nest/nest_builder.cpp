#include "kernels/nest/nest_builder.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

void mark_read(const std::vector<Statement>& body, std::vector<bool>& is_read) {
  for (const Statement& statement : body) {
    if (const Loop* loop = std::get_if<Loop>(&statement.node)) {
      mark_read(loop->body, is_read);
      continue;
    }
    for (const Register source : std::get<Instruction>(statement.node).src) {
      if (source != kNoRegister) is_read[static_cast<size_t>(source)] = true;
    }
  }
}

void drop_unread_loads(std::vector<Statement>& body, const std::vector<bool>& is_read) {
  std::erase_if(body, [&](Statement& statement) {
    if (Loop* loop = std::get_if<Loop>(&statement.node)) {
      drop_unread_loads(loop->body, is_read);
      return loop->body.empty();
    }
    const auto& instruction = std::get<Instruction>(statement.node);
    return traits(instruction.opcode).is_memory && instruction.dst != kNoRegister &&
           !is_read[static_cast<size_t>(instruction.dst)];
  });
}

}  // namespace

Address moved(Address address, int64_t bytes) {
  address.offset_bytes += bytes;
  return address;
}

Address stepped(Address address, LoopVariable variable, int64_t bytes) {
  if (variable.id != LoopVariable::kNone && bytes != 0) {
    address.strides.push_back({variable.id, bytes});
  }
  return address;
}

NestBuilder::NestBuilder(std::string name, Isa isa) {
  nest_.name = std::move(name);
  nest_.isa = isa;
}

Address NestBuilder::buffer(Operand operand, TensorRole role, uint64_t bytes, uint32_t index) {
  const auto same = std::ranges::find_if(nest_.buffers, [&](const Buffer& buffer) {
    return buffer.operand == operand && buffer.index == index;
  });
  Address address;
  address.buffer = static_cast<uint32_t>(same - nest_.buffers.begin());
  if (same == nest_.buffers.end()) {
    nest_.buffers.push_back({operand, role, bytes, index});
  } else {
    same->bytes = std::max(same->bytes, bytes);
  }
  return address;
}

LoopVariable NestBuilder::begin_loop(std::string name, int64_t trips) {
  CHECK(trips > 0, "{}: loop {} of {} trips", nest_.name, name, trips);
  if (trips == 1) return {};
  const LoopVariable variable{nest_.loop_count++};
  open_loops_.push_back({variable.id, std::move(name), static_cast<uint64_t>(trips), {}});
  return variable;
}

void NestBuilder::end_loop(LoopVariable variable) {
  if (variable.id == LoopVariable::kNone) return;
  Loop loop = std::move(open_loops_.back());
  open_loops_.pop_back();
  auto& body = open_loops_.empty() ? nest_.body : open_loops_.back().body;
  body.push_back({std::move(loop)});
}

Register NestBuilder::new_register(int lanes) {
  nest_.register_lanes.push_back(lanes);
  return static_cast<Register>(nest_.register_lanes.size() - 1);
}

void NestBuilder::emit(Instruction instruction) {
  auto& body = open_loops_.empty() ? nest_.body : open_loops_.back().body;
  body.push_back({std::move(instruction)});
}

Register NestBuilder::load(int lanes, const Address& address, int64_t ahead_bytes) {
  const Register dst = new_register(lanes);
  emit({.opcode = Opcode::kLoad,
        .lanes = lanes,
        .dst = dst,
        .address = address,
        .ahead_bytes = ahead_bytes});
  return dst;
}

Register NestBuilder::indexed_load(int lanes, Register index, const TableRows& table,
                                   const Address& assumed) {
  const Register dst = new_register(lanes);
  emit({.opcode = Opcode::kIndexedLoad,
        .lanes = lanes,
        .dst = dst,
        .src = {index, kNoRegister, kNoRegister, kNoRegister},
        .address = assumed,
        .table = table});
  return dst;
}

Register NestBuilder::broadcast(int lanes, const Address& address) {
  const Register dst = new_register(lanes);
  emit({.opcode = Opcode::kBroadcast, .lanes = lanes, .dst = dst, .address = address});
  return dst;
}

void NestBuilder::store(Register value, const Address& address) {
  emit({.opcode = Opcode::kStore,
        .lanes = lanes(value),
        .src = {value, kNoRegister, kNoRegister, kNoRegister},
        .address = address});
}

Register NestBuilder::load_bytes(int lanes, bool is_signed, const Address& address) {
  const Register dst = new_register(lanes);
  emit({.opcode = is_signed ? Opcode::kLoadS8 : Opcode::kLoadU8,
        .lanes = lanes,
        .dst = dst,
        .address = address});
  return dst;
}

void NestBuilder::store_bytes(Register value, const Address& address) {
  emit({.opcode = Opcode::kStoreByte,
        .lanes = lanes(value),
        .src = {value, kNoRegister, kNoRegister, kNoRegister},
        .address = address});
}

Register NestBuilder::int_constant(int lanes, int value) {
  const Register dst = new_register(lanes);
  emit({.opcode = Opcode::kIntConstant,
        .lanes = lanes,
        .dst = dst,
        .immediate = static_cast<float>(value)});
  return dst;
}

Register NestBuilder::constant(int lanes, float value) {
  const Register dst = new_register(lanes);
  emit({.opcode = Opcode::kConstant, .lanes = lanes, .dst = dst, .immediate = value});
  return dst;
}

Register NestBuilder::apply(Opcode opcode, Register a, Register b, Register c, Register d) {
  const Register dst = new_register(lanes(a));
  assign(dst, opcode, a, b, c, d);
  return dst;
}

void NestBuilder::assign(Register dst, Opcode opcode, Register a, Register b, Register c,
                         Register d) {
  emit({.opcode = opcode, .lanes = lanes(dst), .dst = dst, .src = {a, b, c, d}});
}

Register NestBuilder::reduce(Opcode opcode, Register a) {
  const Register dst = new_register(1);
  assign(dst, opcode, a);
  return dst;
}

Register NestBuilder::splat(int lanes, Register scalar) {
  const Register dst = new_register(lanes);
  assign(dst, Opcode::kSplat, scalar);
  return dst;
}

LoopNest NestBuilder::finish() && {
  CHECK(open_loops_.empty(), "{}: {} loops are open", nest_.name, open_loops_.size());
  std::vector<bool> is_read(nest_.register_lanes.size(), false);
  mark_read(nest_.body, is_read);
  drop_unread_loads(nest_.body, is_read);
  verify(nest_);
  return std::move(nest_);
}

}  // namespace wattgrind
