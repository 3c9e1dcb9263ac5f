#include "kernels/nest/nest_access.h"

#include <utility>

#include "estimator/base/error.h"
#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

Access access_of(const Instruction& instruction) {
  Access access;
  access.buffer = instruction.address.buffer;
  access.offset_bytes = instruction.address.offset_bytes;
  for (const Stride& stride : instruction.address.strides) {
    access.strides.push_back({stride.loop, stride.bytes});
  }
  access.bytes = instruction.opcode == Opcode::kBroadcast ? 4u : 4u * instruction.lanes;
  access.is_write = instruction.opcode == Opcode::kStore;
  return access;
}

std::vector<AccessStep> accesses_of(const std::vector<Statement>& body) {
  std::vector<AccessStep> steps;
  for (const Statement& statement : body) {
    if (const auto* instruction = std::get_if<Instruction>(&statement.node)) {
      if (traits(instruction->opcode).is_memory) steps.push_back({access_of(*instruction)});
      continue;
    }
    const Loop& loop = std::get<Loop>(statement.node);
    std::vector<AccessStep> inner = accesses_of(loop.body);
    if (!inner.empty()) {
      steps.push_back({AccessLoop{loop.id, loop.name, loop.trips, std::move(inner)}});
    }
  }
  return steps;
}

}  // namespace

AccessProgram access_program(const LoopNest& nest, std::string name,
                             std::span<const uint64_t> addresses) {
  CHECK(addresses.size() == nest.buffers.size(), "{} addresses, {} buffers", addresses.size(),
        nest.buffers.size());
  AccessProgram program;
  program.name = std::move(name);
  program.loop_count = nest.loop_count;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const Buffer& buffer = nest.buffers[i];
    program.buffers.push_back({buffer.name(), buffer.role, addresses[i], buffer.bytes});
  }
  program.body = accesses_of(nest.body);
  return program;
}

}  // namespace wattgrind
