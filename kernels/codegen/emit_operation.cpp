#include "kernels/codegen/emit_operation.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

#include <bit>
#include <numeric>

#include "estimator/base/error.h"
#include "kernels/codegen/code_target.h"

namespace wattgrind {
namespace {

using llvm::IRBuilderBase;
using llvm::Value;

// The parts of a number in IEEE 754 single precision.
constexpr int kMantissaBits = 23;
constexpr float kExponentBias = 127;
constexpr uint32_t kMantissaMask = 0x007fffff;
constexpr uint32_t kBitsOfOne = 0x3f800000;

int vector_lanes(int lanes) { return lanes == 2 ? 4 : lanes; }

llvm::Type* vector_or_scalar(llvm::Type* element, int lanes) {
  if (lanes == 1) return element;
  return llvm::FixedVectorType::get(element, static_cast<unsigned>(vector_lanes(lanes)));
}

llvm::Type* integer_type(IRBuilderBase& builder, int lanes) {
  return vector_or_scalar(builder.getInt32Ty(), lanes);
}

Value* splat(IRBuilderBase& builder, Value* value, int lanes) {
  if (lanes == 1) return value;
  return builder.CreateVectorSplat(static_cast<unsigned>(vector_lanes(lanes)), value);
}

// Takes the first lanes of a vector. They are a part of its register, so it costs no instruction.
Value* lower_lanes(IRBuilderBase& builder, Value* vector, int lanes, int wanted) {
  if (lanes == wanted) return vector;
  if (wanted == 1) return builder.CreateExtractElement(vector, builder.getInt64(0));
  llvm::SmallVector<int, 16> indices(static_cast<size_t>(wanted));
  std::iota(indices.begin(), indices.end(), 0);
  return builder.CreateShuffleVector(vector, indices);
}

// 2^a has the bits of 1 with a added to the exponent.
Value* emit_exp2_int(IRBuilderBase& builder, ConstantSplats& constants, Value* a, int lanes) {
  Value* exponent = builder.CreateFPToSI(a, integer_type(builder, lanes));
  Value* shifted = builder.CreateShl(exponent, kMantissaBits);
  Value* bits = builder.CreateAdd(shifted, constants.get_bits(builder, kBitsOfOne, lanes));
  return builder.CreateBitCast(bits, register_type(builder, lanes));
}

Value* emit_exponent(IRBuilderBase& builder, ConstantSplats& constants, Value* a, int lanes) {
  Value* bits = builder.CreateBitCast(a, integer_type(builder, lanes));
  Value* biased = builder.CreateLShr(bits, kMantissaBits);
  return builder.CreateFSub(builder.CreateSIToFP(biased, register_type(builder, lanes)),
                            constants.get(builder, kExponentBias, lanes));
}

Value* emit_mantissa(IRBuilderBase& builder, ConstantSplats& constants, Value* a, int lanes) {
  Value* bits = builder.CreateBitCast(a, integer_type(builder, lanes));
  Value* mantissa = builder.CreateAnd(bits, constants.get_bits(builder, kMantissaMask, lanes));
  return builder.CreateBitCast(
      builder.CreateOr(mantissa, constants.get_bits(builder, kBitsOfOne, lanes)),
      register_type(builder, lanes));
}

// Hides a divisor of zero from LLVM. Zero is the only constant that LLVM can see, and 0 / 0 the
// only operation from which it would make another constant.
Value* emit_division(IRBuilderBase& builder, ConstantSplats& constants, Value* a, Value* b,
                     int lanes) {
  if (llvm::isa<llvm::Constant>(b)) {
    b = builder.CreateBitCast(constants.get_bits(builder, 0, lanes), b->getType());
  }
  return builder.CreateFDiv(a, b);
}

Value* emit_greater(IRBuilderBase& builder, Value* a, Value* b) {
  return builder.CreateSelect(builder.CreateFCmpOGT(a, b), a, b);
}

Value* emit_less(IRBuilderBase& builder, Value* a, Value* b) {
  return builder.CreateSelect(builder.CreateFCmpOLT(a, b), a, b);
}

template <typename Combine>
Value* emit_reduction(IRBuilderBase& builder, Value* a, int lanes, Combine combine) {
  for (int half = lanes / 2; half >= 1; half /= 2) {
    llvm::SmallVector<int, 16> upper(static_cast<size_t>(vector_lanes(lanes)), -1);
    for (int lane = 0; lane < half; ++lane) upper[static_cast<size_t>(lane)] = lane + half;
    a = combine(a, builder.CreateShuffleVector(a, upper));
  }
  return lanes == 1 ? a : builder.CreateExtractElement(a, builder.getInt64(0));
}

Value* emit_multiply_add(IRBuilderBase& builder, std::span<Value* const> operands, bool fuse) {
  if (fuse) {
    return builder.CreateIntrinsic(llvm::Intrinsic::fma, {operands[0]->getType()},
                                   {operands[0], operands[1], operands[2]});
  }
  // The sum is the first operand, which SSE overwrites, so that an accumulator stays in its
  // register.
  return builder.CreateFAdd(operands[2], builder.CreateFMul(operands[0], operands[1]));
}

// The two lanes hold one 64-bit integer, the lower of a vector of two. Nobody reads the upper one.
Value* emit_multiply_add_int64(IRBuilderBase& builder, std::span<Value* const> operands) {
  llvm::Type* integers = llvm::FixedVectorType::get(builder.getInt64Ty(), 2);
  const auto integer = [&](size_t i) { return builder.CreateBitCast(operands[i], integers); };
  Value* sum = builder.CreateAdd(integer(2), builder.CreateMul(integer(0), integer(1)));
  return builder.CreateBitCast(sum, operands[0]->getType());
}

}  // namespace

Value* emit_immediate(IRBuilderBase& builder, llvm::Type* type, uint64_t value, Isa isa) {
  return code_target(isa).emit_immediate(builder, type, value);
}

llvm::Type* register_type(IRBuilderBase& builder, int lanes) {
  return vector_or_scalar(builder.getFloatTy(), lanes);
}

void ConstantSplats::hoist_before(llvm::Instruction* position) {
  position_ = position;
  hoisted_.clear();
}

Value* ConstantSplats::make(IRBuilderBase& builder, uint32_t bits, int lanes) const {
  return splat(builder, emit_immediate(builder, builder.getInt32Ty(), bits, isa_), lanes);
}

Value* ConstantSplats::get_bits(IRBuilderBase& builder, uint32_t bits, int lanes) {
  const bool is_new = !hoisted_.contains(bits);
  if (position_ == nullptr || (is_new && hoisted_.size() == most_hoisted_)) {
    return make(builder, bits, lanes);
  }
  Hoisted& hoisted = hoisted_[bits];
  if (hoisted.lanes < vector_lanes(lanes)) {
    llvm::IRBuilder<> before(position_);
    hoisted = {make(before, bits, lanes), vector_lanes(lanes)};
  }
  return lower_lanes(builder, hoisted.value, hoisted.lanes, vector_lanes(lanes));
}

Value* ConstantSplats::get(IRBuilderBase& builder, float value, int lanes) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  llvm::Type* type = register_type(builder, lanes);
  if (bits == 0) return llvm::Constant::getNullValue(type);  // an instruction without an operand
  return builder.CreateBitCast(get_bits(builder, bits, lanes), type);
}

// Volatile is how LLVM is told that an access is one access. It costs nothing here: no pass that
// it would hinder is run, and instruction selection folds such loads into operands all the same.
Value* emit_load(IRBuilderBase& builder, Value* pointer, int lanes) {
  const llvm::Align align(1);  // four bytes of a map of bytes may lie anywhere
  if (lanes == 2) {
    Value* pair = builder.CreateAlignedLoad(builder.getDoubleTy(), pointer, align, true);
    llvm::Type* pairs = llvm::FixedVectorType::get(builder.getDoubleTy(), 2);
    Value* widened =
        builder.CreateInsertElement(llvm::Constant::getNullValue(pairs), pair, builder.getInt64(0));
    return builder.CreateBitCast(widened, register_type(builder, lanes));
  }
  return builder.CreateAlignedLoad(register_type(builder, lanes), pointer, align, true);
}

void emit_prefetch(IRBuilderBase& builder, Value* pointer, int64_t ahead_bytes) {
  if (ahead_bytes == 0) return;
  constexpr int kRead = 0, kIntoL2 = 2, kData = 1;
  Value* ahead = builder.CreateConstGEP1_64(builder.getInt8Ty(), pointer, ahead_bytes);
  builder.CreateIntrinsic(
      llvm::Intrinsic::prefetch, {builder.getPtrTy()},
      {ahead, builder.getInt32(kRead), builder.getInt32(kIntoL2), builder.getInt32(kData)});
}

void emit_store(IRBuilderBase& builder, Value* value, Value* pointer, int lanes) {
  if (lanes == 2) {
    llvm::Type* pairs = llvm::FixedVectorType::get(builder.getDoubleTy(), 2);
    value = builder.CreateExtractElement(builder.CreateBitCast(value, pairs), builder.getInt64(0));
  }
  builder.CreateAlignedStore(value, pointer, llvm::Align(1), true);
}

Value* emit_splat(IRBuilderBase& builder, Value* value, int lanes) {
  return splat(builder, value, lanes);
}

Value* emit_row_offset(IRBuilderBase& builder, ConstantSplats& constants, Value* index,
                       const TableRows& table) {
  Value* from_first = emit_greater(builder, index, constants.get(builder, 0, 1));
  Value* last = constants.get(builder, static_cast<float>(table.count - 1), 1);
  Value* row = builder.CreateFPToSI(emit_less(builder, from_first, last), builder.getInt32Ty());
  return builder.CreateMul(builder.CreateZExt(row, builder.getInt64Ty()),
                           builder.getInt64(static_cast<uint64_t>(table.row_bytes)));
}

Value* emit_operation(IRBuilderBase& builder, ConstantSplats& constants,
                      const Instruction& instruction, std::span<Value* const> operands,
                      int operand_lanes, bool fuse_multiply_add) {
  const int lanes = instruction.lanes;
  switch (instruction.opcode) {
    case Opcode::kConstant:
      return constants.get(builder, instruction.immediate, lanes);
    case Opcode::kMove:
      return operands[0];
    case Opcode::kAdd:
      return builder.CreateFAdd(operands[0], operands[1]);
    case Opcode::kSub:
      return builder.CreateFSub(operands[0], operands[1]);
    case Opcode::kMul:
      return builder.CreateFMul(operands[0], operands[1]);
    case Opcode::kDiv:
      return emit_division(builder, constants, operands[0], operands[1], lanes);
    case Opcode::kMax:
      return emit_greater(builder, operands[0], operands[1]);
    case Opcode::kMin:
      return emit_less(builder, operands[0], operands[1]);
    case Opcode::kMulAdd:
      return emit_multiply_add(builder, operands, fuse_multiply_add);
    case Opcode::kMulAddInt64:
      return emit_multiply_add_int64(builder, operands);
    case Opcode::kSqrt:
      return builder.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, operands[0]);
    case Opcode::kRound:
      return builder.CreateUnaryIntrinsic(llvm::Intrinsic::roundeven, operands[0]);
    case Opcode::kExp2Int:
      return emit_exp2_int(builder, constants, operands[0], lanes);
    case Opcode::kExponent:
      return emit_exponent(builder, constants, operands[0], lanes);
    case Opcode::kMantissa:
      return emit_mantissa(builder, constants, operands[0], lanes);
    case Opcode::kSelectGt:
      return builder.CreateSelect(builder.CreateFCmpOGT(operands[0], operands[1]), operands[2],
                                  operands[3]);
    case Opcode::kSelectEq:
      return builder.CreateSelect(builder.CreateFCmpOEQ(operands[0], operands[1]), operands[2],
                                  operands[3]);
    case Opcode::kReduceAdd:
      return emit_reduction(builder, operands[0], operand_lanes,
                            [&](Value* a, Value* b) { return builder.CreateFAdd(a, b); });
    case Opcode::kReduceMax:
      return emit_reduction(builder, operands[0], operand_lanes,
                            [&](Value* a, Value* b) { return emit_greater(builder, a, b); });
    case Opcode::kSplat:
      return splat(builder, operands[0], lanes);
    default:
      break;
  }
  CHECK(false, "opcode {} refers to memory or bytes", static_cast<int>(instruction.opcode));
  return nullptr;
}

}  // namespace wattgrind
