// Writes a loop nest as nested calls:
//
//   NestBuilder nest("relu", isa);
//   const Address map = nest.buffer(Operand::kMap, TensorRole::kOutput, bytes);
//   nest.loop("element", n / 8, [&](LoopVariable i) {
//     const Register x = nest.load(8, map.stepped(i, 32));
//     ...
//   });
//   LoopNest result = std::move(nest).finish();
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernels/nest/nest.h"

namespace wattgrind {

// The variable of a loop being written. A loop of one trip is not written at all: its variable
// steps nothing.
struct LoopVariable {
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t id = kNone;
};

// The address moved by a constant, or by `bytes` for every iteration of a loop.
Address moved(Address address, int64_t bytes);
Address stepped(Address address, LoopVariable variable, int64_t bytes);

class NestBuilder {
 public:
  NestBuilder(std::string name, Isa isa);

  Isa isa() const { return nest_.isa; }
  int max_lanes() const { return traits(nest_.isa).float_lanes; }

  // Adds a buffer to the kernel and returns the address of its first byte. `index` tells apart
  // buffers of one kind. One that is there already, for another part of the work, becomes as large
  // as the larger.
  Address buffer(Operand operand, TensorRole role, uint64_t bytes, uint32_t index = 0);

  // Calls body(LoopVariable) once, inside a loop of `trips` (at least 1) iterations.
  template <typename Body>
  void loop(std::string name, int64_t trips, Body&& body) {
    const LoopVariable variable = begin_loop(std::move(name), trips);
    std::forward<Body>(body)(variable);
    end_loop(variable);
  }

  Register load(int lanes, const Address& address, int64_t ahead_bytes = 0);
  Register indexed_load(int lanes, Register index, const TableRows& table, const Address& assumed);
  Register broadcast(int lanes, const Address& address);
  void store(Register value, const Address& address);
  // Bytes as integers, and integers as bytes.
  Register load_bytes(int lanes, bool is_signed, const Address& address);
  void store_bytes(Register value, const Address& address);
  Register int_constant(int lanes, int value);
  Register constant(int lanes, float value);
  // Writes any operation without an address. The result has the first operand's lanes.
  Register apply(Opcode opcode, Register a, Register b = kNoRegister, Register c = kNoRegister,
                 Register d = kNoRegister);
  // Writes the same into an existing register, as accumulators need it.
  void assign(Register dst, Opcode opcode, Register a, Register b = kNoRegister,
              Register c = kNoRegister, Register d = kNoRegister);
  Register reduce(Opcode opcode, Register a);  // the result has one lane
  Register splat(int lanes, Register scalar);

  int lanes(Register reg) const { return nest_.register_lanes[static_cast<size_t>(reg)]; }

  // Returns the nest, verified and without loads that nothing reads: code generation drops some of
  // them, and what is counted is what runs.
  LoopNest finish() &&;

 private:
  LoopVariable begin_loop(std::string name, int64_t trips);
  void end_loop(LoopVariable variable);
  Register new_register(int lanes);
  void emit(Instruction instruction);

  LoopNest nest_;
  std::vector<Loop> open_loops_;
};

}  // namespace wattgrind
