// The affine loop nest: the one description of a kernel from which native code, an executable for
// cachegrind, an access program and text are made.
//
// A nest is loops with constant trip counts around instructions on virtual vector registers of
// single-precision values (kMulAddInt64 and what follows it sees integers in them, as said there).
// Every load and store names a buffer and a byte address affine in the enclosing loops; no control
// flow depends on data. There is one exception to the addresses, kIndexedLoad, which looks a row of
// a table up. Registers are mutable: an accumulator is written before its loop and again inside it.
// A register keeps one lane count for life.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "estimator/base/isa.h"
#include "estimator/base/tensor_role.h"
#include "kernels/nest/operand.h"

namespace wattgrind {

// A kernel's operand. Kernels are functions of their buffers' addresses: nests of layers with the
// same shape are the same nest. Buffers of one kernel are disjoint unless one buffer serves twice.
struct Buffer {
  Operand operand = Operand::kInput;
  TensorRole role = TensorRole::kInput;
  uint64_t bytes = 0;
  uint32_t index = 0;  // tells apart buffers of one kind, such as a layer's several inputs

  // The operand's name, with a number from the second of a kind on: "input", "input2".
  std::string name() const;

  friend bool operator==(const Buffer&, const Buffer&) = default;
};

// How far one iteration of a loop moves an address.
struct Stride {
  uint32_t loop = 0;
  int64_t bytes = 0;

  friend bool operator==(const Stride&, const Stride&) = default;
};

// A place in a buffer that moves with the loops around the instruction: it lies `offset_bytes` plus
// the sum of (loop variable * stride) from the buffer's first byte.
struct Address {
  uint32_t buffer = 0;
  int64_t offset_bytes = 0;
  std::vector<Stride> strides;  // enclosing loops only, outermost first, none zero

  friend bool operator==(const Address&, const Address&) = default;
};

enum class Opcode : uint8_t {
  kLoad,       // dst = lanes consecutive values at address
  kBroadcast,  // dst = the value at address, in every lane
  kStore,      // lanes consecutive values at address = a
  // dst = lanes consecutive values of the table's row a (1 lane), cut to a whole number within the
  // table, where the address names the same values of the row that is assumed. What counts
  // references (access programs, executables for cachegrind, traces) loads from the assumed row,
  // so that all of them agree and none depends on data; native functions load from row a.
  kIndexedLoad,
  kConstant,  // dst = immediate, in every lane
  kMove,      // dst = a
  kAdd,       // dst = a + b
  kSub,
  kMul,
  kDiv,
  kMax,
  kMin,
  kMulAdd,       // dst = a * b + c: fused where the target fuses, else multiply, then add
  kMulAddInt64,  // dst = a * b + c of 64-bit integers, modulo 2^64: two lanes hold one
  kSqrt,         // dst = sqrt(a)
  kRound,        // dst = a rounded to the nearest integer value, ties to even
  kExp2Int,      // dst = 2^a for integer-valued a in [-126, 127]
  kExponent,     // dst = floor(log2(a)) for normal a > 0
  kMantissa,     // dst = a / 2^floor(log2(a)), in [1, 2)
  kSelectGt,     // dst = a > b ? c : d, lane by lane
  kSelectEq,     // dst = a == b ? c : d, lane by lane
  kReduceAdd,    // dst (1 lane) = sum of a's lanes, in an order of the target's choice
  kReduceMax,    // dst (1 lane) = largest of a's lanes
  kSplat,        // dst = a (1 lane) in every lane
  // On bytes. A lane of an integer register holds a 32-bit integer, or four bytes side by side.
  kLoadU8,       // dst = lanes consecutive unsigned bytes at address, as integers
  kLoadS8,       // likewise signed
  kStoreByte,    // lanes consecutive bytes at address = the integers a, which fit: 0 to 255, or of
                 // kNeon -128 to 127
  kIntConstant,  // dst = immediate, a whole number, as an integer in every lane
  kToFloat,      // dst = the integers a as single precision, rounded to nearest
  kToInt,        // dst = a as integers, rounded to nearest, ties to even; |a| < 2^31
  kAddInt,       // dst = a + b of integers, modulo 2^32
  kMaxInt,       // dst = the larger integer
  kMulAddInt16,  // dst = a * b + c of integers, where 0 <= a < 2^15 and -2^15 <= b < 2^15
  kMaxU8,        // dst = the larger of unsigned bytes, byte by byte
  kMaxS8,        // likewise signed
  // dst = c + the sum of four products of bytes, exact: a's bytes times b's of the same lane.
  kDotU8S8,  // a's are unsigned, b's signed
  kDotU8S7,  // likewise, with b's from -64 to 64
  kDotS8S8,  // both are signed; of kNeon alone, as those above are not
};

using Register = int32_t;
inline constexpr Register kNoRegister = -1;

// The table of a kIndexedLoad is its buffer. The strides of its address go from row to row where
// they are multiples of a row, and within a row otherwise.
struct TableRows {
  int64_t count = 0;
  int64_t row_bytes = 0;

  friend bool operator==(const TableRows&, const TableRows&) = default;
};

// The most rows, which single-precision indices tell apart.
inline constexpr int64_t kMostTableRows = int64_t{1} << 24;

struct Instruction {
  Opcode opcode = Opcode::kMove;
  int lanes = 1;  // how many values dst holds, or the stored register of a kStore
  Register dst = kNoRegister;
  std::array<Register, 4> src = {kNoRegister, kNoRegister, kNoRegister, kNoRegister};
  float immediate = 0;
  Address address;  // kLoad, kBroadcast, kStore, kIndexedLoad
  TableRows table;  // kIndexedLoad
  // kLoad: asks the caches for the line that lies so many bytes further on, too, which may be past
  // the buffer. That is a hint, no reference: no cache model counts it, cachegrind's neither.
  int64_t ahead_bytes = 0;

  friend bool operator==(const Instruction&, const Instruction&) = default;
};

struct Statement;

struct Loop {
  uint32_t id = 0;     // unique in the nest
  std::string name;    // for readers: "row", "channel", ...
  uint64_t trips = 0;  // at least 1
  std::vector<Statement> body;

  friend bool operator==(const Loop&, const Loop&) = default;
};

struct Statement {
  std::variant<Instruction, Loop> node;

  friend bool operator==(const Statement&, const Statement&) = default;
};

struct LoopNest {
  std::string name;
  Isa isa = Isa::kAvx2;
  std::vector<Buffer> buffers;
  uint32_t loop_count = 0;
  std::vector<int> register_lanes;  // the lane count of each register
  std::vector<Statement> body;

  friend bool operator==(const LoopNest&, const LoopNest&) = default;
};

// Where the values of a kIndexedLoad lie in row 0 of its table.
Address address_in_row(const Instruction& instruction);

// How many bytes an instruction that refers to memory loads or stores.
int64_t access_bytes(const Instruction& instruction);

// The nest as text, a line for each loop and instruction, indented by depth. Golden tests compare
// this text and --keep writes it.
std::string to_text(const LoopNest& nest);
std::string to_text(const LoopNest& nest, const Instruction& instruction);

// Checks what the header of this file promises (defined registers, lane counts, addresses inside
// their buffers). A violation is a bug of the lowering: it aborts with the instruction's text.
void verify(const LoopNest& nest);

}  // namespace wattgrind
