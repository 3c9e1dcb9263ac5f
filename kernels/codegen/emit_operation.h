// Emits the arithmetic of a nest as LLVM instructions, one opcode at a time.
//
// A register of 1 lane is a float, one of 4, 8 or 16 lanes a vector. A register of 2 lanes lives in
// the lower half of a vector of 4, whose upper half nobody reads: vectors of 2 are not a machine
// type, and LLVM widens them less predictably than this.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "kernels/nest/nest.h"

namespace llvm {
class IRBuilderBase;
class Instruction;
class Type;
class Value;
}  // namespace llvm

namespace wattgrind {

// Makes vectors with a constant in every lane, from immediates. As LLVM constants they would become
// loads from a constant pool, which no nest names.
//
// In an innermost loop a constant is made once, before the loop, for all widths, as long as there
// are registers. Elsewhere it is made where it is used, every time: the three instructions are
// cheaper than a register kept.
class ConstantSplats {
 public:
  explicit ConstantSplats(Isa isa)
      : isa_(isa),
        most_hoisted_(static_cast<size_t>(traits(isa).vector_registers - kRegistersForValues)) {}

  // From here on constants are made before `position`, or, if that is null, where they are used.
  void hoist_before(llvm::Instruction* position);

  llvm::Value* get(llvm::IRBuilderBase& builder, float value, int lanes);
  // The same for an integer with these bits.
  llvm::Value* get_bits(llvm::IRBuilderBase& builder, uint32_t bits, int lanes);

 private:
  // So many registers are left free of constants in an innermost loop, lest it spill. The logarithm
  // of a cross-entropy, its sum and the compiler's scratch take that many.
  static constexpr int kRegistersForValues = 8;

  struct Hoisted {
    llvm::Value* value = nullptr;
    int lanes = 0;
  };

  llvm::Value* make(llvm::IRBuilderBase& builder, uint32_t bits, int lanes) const;

  const Isa isa_;
  const size_t most_hoisted_;
  llvm::Instruction* position_ = nullptr;
  std::map<uint32_t, Hoisted> hoisted_;  // for each constant's bits, the widest vector asked for
};

// Puts an immediate in a register, as an integer of 32 or 64 bits or as a pointer. LLVM does not
// see which it is: it would make other constants of it and keep each in a register of its own, or
// load it from a constant pool.
llvm::Value* emit_immediate(llvm::IRBuilderBase& builder, llvm::Type* type, uint64_t value,
                            Isa isa);

// The LLVM type of a register with so many lanes.
llvm::Type* register_type(llvm::IRBuilderBase& builder, int lanes);

// Emits one machine load or store of `lanes` values, which LLVM may neither drop, repeat, merge nor
// split.
llvm::Value* emit_load(llvm::IRBuilderBase& builder, llvm::Value* pointer, int lanes);

// Asks for the line that lies so many bytes further on, to be in L2; does nothing where they are 0.
void emit_prefetch(llvm::IRBuilderBase& builder, llvm::Value* pointer, int64_t ahead_bytes);
void emit_store(llvm::IRBuilderBase& builder, llvm::Value* value, llvm::Value* pointer, int lanes);

// Puts a float in every lane.
llvm::Value* emit_splat(llvm::IRBuilderBase& builder, llvm::Value* value, int lanes);

// The bytes from a table's first row to the row that `index`, a float, names: cut to a whole
// number, to the first row where it is negative or no number, and to the last where it is beyond.
llvm::Value* emit_row_offset(llvm::IRBuilderBase& builder, ConstantSplats& constants,
                             llvm::Value* index, const TableRows& table);

// Emits an instruction that does not refer to memory and returns its value. `operands` are the
// values of the registers it reads, `operand_lanes` the lanes of the first.
llvm::Value* emit_operation(llvm::IRBuilderBase& builder, ConstantSplats& constants,
                            const Instruction& instruction, std::span<llvm::Value* const> operands,
                            int operand_lanes, bool fuse_multiply_add);

}  // namespace wattgrind
