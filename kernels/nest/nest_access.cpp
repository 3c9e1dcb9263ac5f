#include "kernels/nest/nest_access.h"

#include <utility>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/nest/opcodes.h"

namespace wattgrind {
namespace {

// `places` says which of the program's buffers each of the nest's is.
Access access_of(const Instruction& instruction, const std::vector<uint32_t>& places) {
  Access access;
  access.buffer = places[instruction.address.buffer];
  access.offset_bytes = instruction.address.offset_bytes;
  for (const Stride& stride : instruction.address.strides) {
    access.strides.push_back({stride.loop, stride.bytes});
  }
  access.bytes = static_cast<uint32_t>(access_bytes(instruction));
  access.is_write = is_store(instruction.opcode);
  return access;
}

std::vector<AccessStep> accesses_of(const std::vector<Statement>& body,
                                    const std::vector<uint32_t>& places) {
  std::vector<AccessStep> steps;
  for (const Statement& statement : body) {
    if (const auto* instruction = std::get_if<Instruction>(&statement.node)) {
      if (traits(instruction->opcode).is_memory) steps.push_back({access_of(*instruction, places)});
      continue;
    }
    const Loop& loop = std::get<Loop>(statement.node);
    std::vector<AccessStep> inner = accesses_of(loop.body, places);
    if (!inner.empty()) {
      steps.push_back({AccessLoop{loop.id, loop.name, loop.trips, std::move(inner)}});
    }
  }
  return steps;
}

// The program's buffer that is this one too, as where a layer reads one map twice; or a new one.
uint32_t place_of(AccessProgram& program, const Buffer& buffer, uint64_t address) {
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const AccessBuffer& other = program.buffers[i];
    if (other.address == address && other.bytes == buffer.bytes && other.role == buffer.role) {
      return static_cast<uint32_t>(i);
    }
  }
  program.buffers.push_back({buffer.name(), buffer.role, address, buffer.bytes});
  return static_cast<uint32_t>(program.buffers.size() - 1);
}

}  // namespace

AccessProgram access_program(const LoopNest& nest, std::string name,
                             std::span<const uint64_t> addresses) {
  CHECK(addresses.size() == nest.buffers.size(), "{} addresses, {} buffers", addresses.size(),
        nest.buffers.size());
  AccessProgram program;
  program.name = std::move(name);
  program.loop_count = nest.loop_count;
  std::vector<uint32_t> places;
  for (size_t i = 0; i < addresses.size(); ++i) {
    places.push_back(place_of(program, nest.buffers[i], addresses[i]));
  }
  program.body = accesses_of(nest.body, places);
  return program;
}

}  // namespace wattgrind
