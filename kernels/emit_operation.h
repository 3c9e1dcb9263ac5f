// The arithmetic of a nest as LLVM instructions, one opcode at a time.
//
// A register of 1 lane is a float; of 4, 8 or 16 lanes a vector. A register of 2 lanes lives in the
// lower half of a vector of 4, whose upper half holds nothing anybody reads: vectors of 2 are not a
// machine type, and LLVM widens them less predictably than this.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "kernels/nest.h"

namespace llvm {
class IRBuilderBase;
class Instruction;
class Type;
class Value;
}  // namespace llvm

namespace wattgrind {

// The values of a constant in every lane, made once at the start of the function from immediates:
// as LLVM constants they would become loads from a constant pool, which no nest names.
class ConstantSplats {
 public:
  // Constants are made before `position`.
  explicit ConstantSplats(llvm::Instruction* position) : position_(position) {}

  llvm::Value* get(float value, int lanes);
  llvm::Value* get_bits(uint32_t bits, int lanes);  // as integers

 private:
  llvm::Instruction* position_;
  std::map<std::pair<uint32_t, int>, llvm::Value*> bits_;
};

// The type of a register.
llvm::Type* register_type(llvm::IRBuilderBase& builder, int lanes);

// One machine load or store of `lanes` values; LLVM may neither drop, repeat, merge nor split it.
llvm::Value* emit_load(llvm::IRBuilderBase& builder, llvm::Value* pointer, int lanes);
void emit_store(llvm::IRBuilderBase& builder, llvm::Value* value, llvm::Value* pointer, int lanes);

// A float in every lane.
llvm::Value* emit_splat(llvm::IRBuilderBase& builder, llvm::Value* value, int lanes);

// The value of an instruction that does not refer to memory. `operands` are those of its sources
// that are registers, `operand_lanes` the lanes of the first.
llvm::Value* emit_operation(llvm::IRBuilderBase& builder, ConstantSplats& constants,
                            const Instruction& instruction, std::span<llvm::Value* const> operands,
                            int operand_lanes, bool fuse_multiply_add);

}  // namespace wattgrind
