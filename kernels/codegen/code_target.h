// What code generation knows of a family of processors beyond what LLVM tells: all that differs
// between x86-64 (x86_target.cpp) and AArch64 (aarch64_target.cpp) stands behind this interface.
#pragma once

#include <cstdint>
#include <span>

#include "estimator/base/architecture.h"
#include "kernels/codegen/codegen.h"
#include "kernels/nest/nest.h"

namespace llvm {
class IRBuilderBase;
class Target;
class Type;
class Value;
}  // namespace llvm

namespace wattgrind {

class ConstantSplats;

// The operands of a sum of products of bytes: bytes, bytes, and the integers that they are added
// to.
struct ByteDot {
  Opcode opcode;
  int lanes = 0;
  std::span<llvm::Value* const> operands;
  bool in_one_instruction = false;  // CodegenOptions::byte_dots
};

class CodeTarget {
 public:
  CodeTarget() = default;
  virtual ~CodeTarget() = default;
  CodeTarget(const CodeTarget&) = delete;
  CodeTarget& operator=(const CodeTarget&) = delete;

  virtual const char* triple() const = 0;
  // Makes the family known to LLVM when it is first asked for.
  virtual const llvm::Target& llvm_target() const = 0;
  // LLVM's name of the least processor that has the set.
  virtual const char* processor(Isa isa) const = 0;
  // LLVM's name of the feature that adds products of bytes in one instruction; null where the set
  // has none.
  virtual const char* byte_dots(Isa isa) const = 0;
  // How code holds the address that a relocation of LLVM's object files asks for. CHECKs that it is
  // one that generated code may have.
  virtual FixupForm fixup_form(uint64_t relocation) const = 0;

  // Puts an immediate in a register (emit_operation.h).
  virtual llvm::Value* emit_immediate(llvm::IRBuilderBase& builder, llvm::Type* type,
                                      uint64_t value) const = 0;
  // Returns the sums as a vector of integers.
  virtual llvm::Value* emit_dot(llvm::IRBuilderBase& builder, ConstantSplats& constants,
                                const ByteDot& dot) const = 0;
  // Products of integers that fit 16 bits, one for each lane of two registers.
  virtual llvm::Value* emit_products_of_int16(llvm::IRBuilderBase& builder, int lanes,
                                              std::span<llvm::Value* const> operands) const = 0;
  // Makes integers of a vector of floats, rounding to nearest, ties to even.
  virtual llvm::Value* emit_to_int(llvm::IRBuilderBase& builder, llvm::Value* floats) const = 0;
  // Makes bytes of so many integers that fit, 2, 4 or 8, as the first of a vector.
  virtual llvm::Value* emit_narrowed(llvm::IRBuilderBase& builder, llvm::Value* integers,
                                     int lanes) const = 0;
};

const CodeTarget& code_target(Architecture architecture);
inline const CodeTarget& code_target(Isa isa) { return code_target(architecture_of(isa)); }

// The two, which code_target() picks from.
const CodeTarget& x86_target();
const CodeTarget& aarch64_target();

}  // namespace wattgrind
