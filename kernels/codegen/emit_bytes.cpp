#include "kernels/codegen/emit_bytes.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include "kernels/codegen/byte_vectors.h"
#include "kernels/codegen/code_target.h"

namespace wattgrind {
namespace {

using llvm::IRBuilderBase;
using llvm::Value;

Value* first_of(IRBuilderBase& builder, Value* bytes, unsigned bits) {
  const auto* type = llvm::cast<llvm::FixedVectorType>(bytes->getType());
  const auto count = static_cast<int>(type->getNumElements() * 8 / bits);
  return builder.CreateExtractElement(
      builder.CreateBitCast(bytes, vector_of(builder.getIntNTy(bits), count)), builder.getInt64(0));
}

}  // namespace

// As with other short vectors, LLVM gets scalars to load and store (emit_operation.cpp).
Value* emit_byte_load(IRBuilderBase& builder, Value* pointer, int lanes, bool is_signed) {
  llvm::Type* loaded = lanes == 16  ? vector_of(builder.getInt8Ty(), 16)
                       : lanes == 8 ? builder.getDoubleTy()
                       : lanes == 4 ? builder.getFloatTy()
                                    : builder.getIntNTy(static_cast<unsigned>(8 * lanes));
  Value* value = builder.CreateAlignedLoad(loaded, pointer, llvm::Align(1), true);
  const auto widen = [&](Value* bytes, llvm::Type* type) {
    return is_signed ? builder.CreateSExt(bytes, type) : builder.CreateZExt(bytes, type);
  };
  if (lanes == 1)
    return builder.CreateBitCast(widen(value, builder.getInt32Ty()), builder.getFloatTy());
  Value* bytes = value;
  if (lanes < 16) {
    constexpr int kVectorBytes = 16;
    Value* vector = first_of_any(builder, value, kVectorBytes / lanes);
    bytes = part_of(builder,
                    builder.CreateBitCast(vector, vector_of(builder.getInt8Ty(), kVectorBytes)), 0,
                    machine_lanes(lanes));
  }
  return as_register(builder, widen(bytes, vector_of(builder.getInt32Ty(), machine_lanes(lanes))),
                     lanes);
}

void emit_byte_store(IRBuilderBase& builder, Value* value, Value* pointer, int lanes, Isa isa) {
  Value* stored = nullptr;
  if (lanes == 1) {
    stored = builder.CreateTrunc(builder.CreateBitCast(value, builder.getInt32Ty()),
                                 builder.getInt8Ty());
  } else {
    Value* integers = as_integers(builder, value, lanes, 32);
    if (lanes == 16) {
      stored = builder.CreateTrunc(integers, vector_of(builder.getInt8Ty(), lanes));
    } else {
      Value* bytes = code_target(isa).emit_narrowed(builder, integers, lanes);
      stored = lanes == 8
                   ? builder.CreateBitCast(first_of(builder, bytes, 64), builder.getDoubleTy())
                   : first_of(builder, bytes, static_cast<unsigned>(8 * lanes));
    }
  }
  builder.CreateAlignedStore(stored, pointer, llvm::Align(1), true);
}

bool is_byte_operation(Opcode opcode) { return opcode >= Opcode::kIntConstant; }

Value* emit_byte_operation(IRBuilderBase& builder, ConstantSplats& constants,
                           const Instruction& instruction, std::span<Value* const> operands,
                           const CodegenOptions& options) {
  const int lanes = instruction.lanes;
  const auto integers = [&](size_t i) { return as_integers(builder, operands[i], lanes, 32); };
  const auto bytes = [&](size_t i) { return as_integers(builder, operands[i], lanes, 8); };
  const auto larger = [&](llvm::Intrinsic::ID id, Value* a, Value* b) {
    return builder.CreateBinaryIntrinsic(id, a, b);
  };
  const CodeTarget& target = code_target(options.isa);
  Value* result = nullptr;
  switch (instruction.opcode) {
    case Opcode::kIntConstant: {
      const auto value = static_cast<int32_t>(instruction.immediate);
      llvm::Type* type = register_type(builder, lanes);
      if (value == 0) return llvm::Constant::getNullValue(type);
      return builder.CreateBitCast(constants.get_bits(builder, static_cast<uint32_t>(value), lanes),
                                   type);
    }
    case Opcode::kToFloat:
      result =
          builder.CreateSIToFP(integers(0), vector_of(builder.getFloatTy(), machine_lanes(lanes)));
      break;
    case Opcode::kToInt:
      result = target.emit_to_int(
          builder, builder.CreateBitCast(integers(0),
                                         vector_of(builder.getFloatTy(), machine_lanes(lanes))));
      break;
    case Opcode::kAddInt:
      result = builder.CreateAdd(integers(0), integers(1));
      break;
    case Opcode::kMaxInt:
      result = larger(llvm::Intrinsic::smax, integers(0), integers(1));
      break;
    case Opcode::kMulAddInt16:
      result =
          builder.CreateAdd(integers(2), target.emit_products_of_int16(builder, lanes, operands));
      break;
    case Opcode::kMaxU8:
      result = larger(llvm::Intrinsic::umax, bytes(0), bytes(1));
      break;
    case Opcode::kMaxS8:
      result = larger(llvm::Intrinsic::smax, bytes(0), bytes(1));
      break;
    default:
      result = target.emit_dot(builder, constants,
                               {instruction.opcode, lanes, operands, options.byte_dots});
  }
  return as_register(builder, result, lanes);
}

}  // namespace wattgrind
