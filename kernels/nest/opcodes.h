// The instructions of a loop nest in a table: their names, operands and results.
#pragma once

#include <array>
#include <string_view>

#include "kernels/nest/nest.h"

namespace wattgrind {

struct OpcodeTraits {
  Opcode opcode;
  std::string_view name;
  int operands;     // how many registers it reads
  bool has_result;  // it writes dst
  bool is_memory;   // it has an address
};

inline constexpr std::array<OpcodeTraits, 38> kOpcodes = {{
    {Opcode::kLoad, "load", 0, true, true},
    {Opcode::kBroadcast, "broadcast", 0, true, true},
    {Opcode::kStore, "store", 1, false, true},
    {Opcode::kIndexedLoad, "indexedload", 1, true, true},
    {Opcode::kConstant, "constant", 0, true, false},
    {Opcode::kMove, "move", 1, true, false},
    {Opcode::kAdd, "add", 2, true, false},
    {Opcode::kSub, "sub", 2, true, false},
    {Opcode::kMul, "mul", 2, true, false},
    {Opcode::kDiv, "div", 2, true, false},
    {Opcode::kMax, "max", 2, true, false},
    {Opcode::kMin, "min", 2, true, false},
    {Opcode::kMulAdd, "muladd", 3, true, false},
    {Opcode::kMulAddInt64, "muladdint64", 3, true, false},
    {Opcode::kSqrt, "sqrt", 1, true, false},
    {Opcode::kRound, "round", 1, true, false},
    {Opcode::kExp2Int, "exp2int", 1, true, false},
    {Opcode::kExponent, "exponent", 1, true, false},
    {Opcode::kMantissa, "mantissa", 1, true, false},
    {Opcode::kSelectGt, "selectgt", 4, true, false},
    {Opcode::kSelectEq, "selecteq", 4, true, false},
    {Opcode::kReduceAdd, "reduceadd", 1, true, false},
    {Opcode::kReduceMax, "reducemax", 1, true, false},
    {Opcode::kSplat, "splat", 1, true, false},
    {Opcode::kLoadU8, "loadu8", 0, true, true},
    {Opcode::kLoadS8, "loads8", 0, true, true},
    {Opcode::kStoreByte, "storebyte", 1, false, true},
    {Opcode::kIntConstant, "intconstant", 0, true, false},
    {Opcode::kToFloat, "tofloat", 1, true, false},
    {Opcode::kToInt, "toint", 1, true, false},
    {Opcode::kAddInt, "addint", 2, true, false},
    {Opcode::kMaxInt, "maxint", 2, true, false},
    {Opcode::kMulAddInt16, "muladdint16", 3, true, false},
    {Opcode::kMaxU8, "maxu8", 2, true, false},
    {Opcode::kMaxS8, "maxs8", 2, true, false},
    {Opcode::kDotU8S8, "dotu8s8", 3, true, false},
    {Opcode::kDotU8S7, "dotu8s7", 3, true, false},
    {Opcode::kDotS8S8, "dots8s8", 3, true, false},
}};

constexpr const OpcodeTraits& traits(Opcode opcode) {
  return kOpcodes[static_cast<size_t>(opcode)];
}

static_assert(kOpcodes.back().opcode == Opcode::kDotS8S8);

// Whether its value is its immediate.
constexpr bool is_constant(Opcode opcode) {
  return opcode == Opcode::kConstant || opcode == Opcode::kIntConstant;
}
constexpr bool is_store(Opcode opcode) {
  return opcode == Opcode::kStore || opcode == Opcode::kStoreByte;
}
// Whether a lane's access is one byte.
constexpr bool is_of_bytes(Opcode opcode) {
  return opcode == Opcode::kLoadU8 || opcode == Opcode::kLoadS8 || opcode == Opcode::kStoreByte;
}

}  // namespace wattgrind
