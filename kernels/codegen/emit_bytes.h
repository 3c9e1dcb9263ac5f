// Emits the instructions of a nest that see bytes or integers in its registers.
#pragma once

#include <span>

#include "kernels/codegen/codegen.h"
#include "kernels/codegen/emit_operation.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

// One machine load of `lanes` bytes, and what makes integers of them.
llvm::Value* emit_byte_load(llvm::IRBuilderBase& builder, llvm::Value* pointer, int lanes,
                            bool is_signed);

// What makes bytes of integers that fit, and one machine store of them.
void emit_byte_store(llvm::IRBuilderBase& builder, llvm::Value* value, llvm::Value* pointer,
                     int lanes, Isa isa);

// Whether it is one of the opcodes below, which do not refer to memory.
bool is_byte_operation(Opcode opcode);

llvm::Value* emit_byte_operation(llvm::IRBuilderBase& builder, ConstantSplats& constants,
                                 const Instruction& instruction,
                                 std::span<llvm::Value* const> operands,
                                 const CodegenOptions& options);

}  // namespace wattgrind
