#include "kernels/codegen/emit_bytes.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <array>
#include <numeric>

#include "estimator/base/error.h"

namespace wattgrind {
namespace {

using llvm::IRBuilderBase;
using llvm::Value;

// Registers of one lane are scalars; here they become the first lane of a vector of four, as those
// of two lanes are of one.
constexpr int kLeastLanes = 4;

int machine_lanes(int lanes) { return std::max(lanes, kLeastLanes); }

llvm::FixedVectorType* vector_of(llvm::Type* element, int count) {
  return llvm::FixedVectorType::get(element, static_cast<unsigned>(count));
}

// A vector that begins with a value. What follows nobody reads.
Value* first_of_any(IRBuilderBase& builder, Value* value, int count) {
  return builder.CreateInsertElement(llvm::PoisonValue::get(vector_of(value->getType(), count)),
                                     value, builder.getInt64(0));
}

// The register's bits as a vector of integers of so many bits.
Value* as_integers(IRBuilderBase& builder, Value* value, int lanes, unsigned bits) {
  if (lanes == 1) {
    value = first_of_any(builder, value, kLeastLanes);
  }
  const int count = machine_lanes(lanes) * 32 / static_cast<int>(bits);
  return builder.CreateBitCast(value, vector_of(builder.getIntNTy(bits), count));
}

// The reverse.
Value* as_register(IRBuilderBase& builder, Value* value, int lanes) {
  Value* floats =
      builder.CreateBitCast(value, vector_of(builder.getFloatTy(), machine_lanes(lanes)));
  return lanes == 1 ? builder.CreateExtractElement(floats, builder.getInt64(0)) : floats;
}

// Some of a vector's lanes side by side, from `first` on.
Value* part_of(IRBuilderBase& builder, Value* vector, int first, int count) {
  llvm::SmallVector<int, 64> lanes(static_cast<size_t>(count));
  std::iota(lanes.begin(), lanes.end(), first);
  return builder.CreateShuffleVector(vector, lanes);
}

// By the width of the register: of 4, 8 or 16 lanes.
struct IntrinsicsByWidth {
  llvm::Intrinsic::ID of_4, of_8, of_16;

  llvm::Intrinsic::ID of(int lanes) const { return lanes == 16 ? of_16 : lanes == 8 ? of_8 : of_4; }
};

Value* call(IRBuilderBase& builder, const IntrinsicsByWidth& intrinsics, int lanes,
            std::initializer_list<Value*> arguments) {
  return builder.CreateIntrinsic(intrinsics.of(machine_lanes(lanes)), {}, arguments);
}

// Sums of neighbouring products of 16-bit integers.
Value* add_products_of_pairs(IRBuilderBase& builder, Value* a, Value* b, int lanes) {
  return call(builder,
              {llvm::Intrinsic::x86_sse2_pmadd_wd, llvm::Intrinsic::x86_avx2_pmadd_wd,
               llvm::Intrinsic::x86_avx512_pmaddw_d_512},
              lanes, {a, b});
}

Value* add(IRBuilderBase& builder, Value* sum, Value* value) {
  return builder.CreateAdd(sum, value);
}

class DotEmitter {
 public:
  DotEmitter(IRBuilderBase& builder, ConstantSplats& constants, int lanes,
             std::span<Value* const> operands)
      : builder_(builder), constants_(constants), lanes_(lanes), operands_(operands) {}

  // One instruction.
  Value* fused() {
    return call(builder_,
                {llvm::Intrinsic::x86_avx512_vpdpbusd_128, llvm::Intrinsic::x86_avx512_vpdpbusd_256,
                 llvm::Intrinsic::x86_avx512_vpdpbusd_512},
                lanes_, {sum(), integers(0, 32), integers(1, 32)});
  }

  // Pairs of products are added in 16 bits: two of 255 * 64 are 32,640.
  Value* of_seven_bits() {
    Value* pairs =
        call(builder_,
             {llvm::Intrinsic::x86_ssse3_pmadd_ub_sw_128, llvm::Intrinsic::x86_avx2_pmadd_ub_sw,
              llvm::Intrinsic::x86_avx512_pmaddubs_w_512},
             lanes_, {integers(0, 8), integers(1, 8)});
    return add(builder_, sum(), add_products_of_pairs(builder_, pairs, ones(), lanes_));
  }

  // Bytes of even and odd places are widened apart. Instruction selection shares what several
  // products of a block widen.
  Value* widened() {
    Value* a = integers(0, 16);
    Value* b = integers(1, 16);
    constexpr uint32_t kEvenBytes = 0x00ff00ff;
    Value* mask = builder_.CreateBitCast(
        constants_.get_bits(builder_, kEvenBytes, machine_lanes(lanes_)), a->getType());
    Value* even = add_products_of_pairs(
        builder_, builder_.CreateAnd(a, mask),
        builder_.CreateAShr(builder_.CreateShl(b, kByteBits), kByteBits), lanes_);
    Value* odd = add_products_of_pairs(builder_, builder_.CreateLShr(a, kByteBits),
                                       builder_.CreateAShr(b, kByteBits), lanes_);
    return add(builder_, add(builder_, sum(), even), odd);
  }

  // Of kNeon.
  Value* signed_fused() {
    llvm::Type* const types[] = {vector_of(builder_.getInt32Ty(), kLeastLanes),
                                 vector_of(builder_.getInt8Ty(), 4 * kLeastLanes)};
    return builder_.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_sdot, types,
                                    {sum(), integers(0, 8), integers(1, 8)});
  }

  Value* signed_widened() {
    std::array<Value*, 2> pairs{};
    for (int half = 0; half < 2; ++half) {
      llvm::Type* wide = vector_of(builder_.getInt16Ty(), 8);
      const auto part = [&](size_t operand) {
        return builder_.CreateSExt(part_of(builder_, integers(operand, 8), 8 * half, 8), wide);
      };
      llvm::Type* const types[] = {vector_of(builder_.getInt32Ty(), kLeastLanes), wide};
      pairs[static_cast<size_t>(half)] = builder_.CreateIntrinsic(
          llvm::Intrinsic::aarch64_neon_saddlp, types, {builder_.CreateMul(part(0), part(1))});
    }
    Value* products = builder_.CreateIntrinsic(
        llvm::Intrinsic::aarch64_neon_addp, {vector_of(builder_.getInt32Ty(), kLeastLanes)}, pairs);
    return add(builder_, sum(), products);
  }

 private:
  static constexpr uint64_t kByteBits = 8;

  Value* sum() { return integers(2, 32); }
  Value* integers(size_t operand, unsigned bits) {
    return as_integers(builder_, operands_[operand], lanes_, bits);
  }
  Value* ones() {
    constexpr uint32_t kTwoOnes = 0x00010001;
    return builder_.CreateBitCast(constants_.get_bits(builder_, kTwoOnes, machine_lanes(lanes_)),
                                  vector_of(builder_.getInt16Ty(), 2 * machine_lanes(lanes_)));
  }

  IRBuilderBase& builder_;
  ConstantSplats& constants_;
  const int lanes_;
  const std::span<Value* const> operands_;
};

Value* emit_dot(IRBuilderBase& builder, ConstantSplats& constants, const Instruction& instruction,
                std::span<Value* const> operands, const CodegenOptions& options) {
  DotEmitter emit(builder, constants, instruction.lanes, operands);
  if (instruction.opcode == Opcode::kDotS8S8) {
    return options.byte_dots ? emit.signed_fused() : emit.signed_widened();
  }
  if (options.byte_dots) return emit.fused();
  return instruction.opcode == Opcode::kDotU8S7 ? emit.of_seven_bits() : emit.widened();
}

Value* emit_multiply_add_int16(IRBuilderBase& builder, int lanes, std::span<Value* const> operands,
                               Isa isa) {
  const auto integers = [&](size_t i, unsigned bits) {
    return as_integers(builder, operands[i], lanes, bits);
  };
  Value* product = isa == Isa::kNeon
                       ? builder.CreateMul(integers(0, 32), integers(1, 32))
                       : add_products_of_pairs(builder, integers(0, 16), integers(1, 16), lanes);
  return add(builder, integers(2, 32), product);
}

// The conversion to integers rounds as the processor does by default, to nearest, ties to even.
Value* emit_to_int(IRBuilderBase& builder, Value* a, int lanes, Isa isa) {
  Value* floats = builder.CreateBitCast(as_integers(builder, a, lanes, 32),
                                        vector_of(builder.getFloatTy(), machine_lanes(lanes)));
  llvm::Type* integers = vector_of(builder.getInt32Ty(), machine_lanes(lanes));
  if (isa == Isa::kNeon) {
    return builder.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_fcvtns,
                                   {integers, floats->getType()}, {floats});
  }
  if (machine_lanes(lanes) == 16) {
    constexpr uint32_t kByDefault = 4;
    return builder.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_cvtps2dq_512, {},
                                   {floats, llvm::Constant::getNullValue(integers),
                                    builder.getInt16(0xffff), builder.getInt32(kByDefault)});
  }
  const auto conversion = machine_lanes(lanes) == 8 ? llvm::Intrinsic::x86_avx_cvt_ps2dq_256
                                                    : llvm::Intrinsic::x86_sse2_cvtps2dq;
  return builder.CreateIntrinsic(conversion, {}, {floats});
}

// Four integers, or eight as two vectors of four, as the first bytes of a vector of 16.
Value* packed_bytes(IRBuilderBase& builder, Value* integers, int lanes) {
  Value* low = lanes == 8 ? part_of(builder, integers, 0, 4) : integers;
  Value* high = lanes == 8 ? part_of(builder, integers, 4, 4) : integers;
  Value* words = builder.CreateIntrinsic(llvm::Intrinsic::x86_sse2_packssdw_128, {}, {low, high});
  return builder.CreateIntrinsic(llvm::Intrinsic::x86_sse2_packuswb_128, {}, {words, words});
}

// The same of four integers on kNeon.
Value* narrowed_bytes(IRBuilderBase& builder, Value* integers) {
  Value* words = builder.CreateTrunc(integers, vector_of(builder.getInt16Ty(), 4));
  constexpr std::array kTwice = {0, 1, 2, 3, 0, 1, 2, 3};
  return builder.CreateTrunc(builder.CreateShuffleVector(words, kTwice),
                             vector_of(builder.getInt8Ty(), 8));
}

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
      Value* bytes = isa == Isa::kNeon ? narrowed_bytes(builder, integers)
                                       : packed_bytes(builder, integers, lanes);
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
      result = emit_to_int(builder, operands[0], lanes, options.isa);
      break;
    case Opcode::kAddInt:
      result = builder.CreateAdd(integers(0), integers(1));
      break;
    case Opcode::kMaxInt:
      result = larger(llvm::Intrinsic::smax, integers(0), integers(1));
      break;
    case Opcode::kMulAddInt16:
      result = emit_multiply_add_int16(builder, lanes, operands, options.isa);
      break;
    case Opcode::kMaxU8:
      result = larger(llvm::Intrinsic::umax, bytes(0), bytes(1));
      break;
    case Opcode::kMaxS8:
      result = larger(llvm::Intrinsic::smax, bytes(0), bytes(1));
      break;
    default:
      result = emit_dot(builder, constants, instruction, operands, options);
  }
  return as_register(builder, result, lanes);
}

}  // namespace wattgrind
