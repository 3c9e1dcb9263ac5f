#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/TargetSelect.h>

#include "estimator/base/error.h"
#include "kernels/codegen/byte_vectors.h"
#include "kernels/codegen/code_target.h"
#include "kernels/codegen/emit_operation.h"

namespace wattgrind {
namespace {

using llvm::IRBuilderBase;
using llvm::Value;

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

// Sums of products of unsigned and signed bytes.
class DotEmitter {
 public:
  DotEmitter(IRBuilderBase& builder, ConstantSplats& constants, const ByteDot& dot)
      : builder_(builder), constants_(constants), lanes_(dot.lanes), operands_(dot.operands) {}

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
    return builder_.CreateAdd(sum(), add_products_of_pairs(builder_, pairs, ones(), lanes_));
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
    return builder_.CreateAdd(builder_.CreateAdd(sum(), even), odd);
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

class X86Target : public CodeTarget {
 public:
  const char* triple() const override { return "x86_64-unknown-linux-gnu"; }

  // The assembly parsers are for inline assembly.
  const llvm::Target& llvm_target() const override {
    static const llvm::Target& target = [this]() -> const llvm::Target& {
      LLVMInitializeX86TargetInfo();
      LLVMInitializeX86Target();
      LLVMInitializeX86TargetMC();
      LLVMInitializeX86AsmPrinter();
      LLVMInitializeX86AsmParser();
      LLVMInitializeX86Disassembler();
      std::string error;
      const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple(), error);
      CHECK(found != nullptr, "{}", error);
      return *found;
    }();
    return target;
  }

  const char* processor(Isa isa) const override {
    return isa == Isa::kSse42 ? "x86-64-v2" : isa == Isa::kAvx2 ? "x86-64-v3" : "x86-64-v4";
  }

  const char* byte_dots(Isa isa) const override {
    return isa == Isa::kSse42 ? nullptr : isa == Isa::kAvx2 ? "avxvnni" : "avx512vnni";
  }

  FixupForm fixup_form(uint64_t relocation) const override {
    CHECK(relocation == llvm::ELF::R_X86_64_64, "generated code has a relocation of type {}",
          relocation);
    return FixupForm::kAddress;
  }

  Value* emit_immediate(IRBuilderBase& builder, llvm::Type* type, uint64_t value) const override {
    const bool is_wide = !type->isIntegerTy(32);
    llvm::IntegerType* bits = is_wide ? builder.getInt64Ty() : builder.getInt32Ty();
    llvm::InlineAsm* move =
        llvm::InlineAsm::get(llvm::FunctionType::get(type, {bits}, false),
                             is_wide ? "movabsq $1, $0" : "movl $1, $0", "=r,i", false);
    return builder.CreateCall(move, {llvm::ConstantInt::get(bits, value)});
  }

  Value* emit_dot(IRBuilderBase& builder, ConstantSplats& constants,
                  const ByteDot& dot) const override {
    DotEmitter emit(builder, constants, dot);
    if (dot.in_one_instruction) return emit.fused();
    return dot.opcode == Opcode::kDotU8S7 ? emit.of_seven_bits() : emit.widened();
  }

  Value* emit_products_of_int16(IRBuilderBase& builder, int lanes,
                                std::span<Value* const> operands) const override {
    return add_products_of_pairs(builder, as_integers(builder, operands[0], lanes, 16),
                                 as_integers(builder, operands[1], lanes, 16), lanes);
  }

  // The conversion to integers rounds as the processor does by default.
  Value* emit_to_int(IRBuilderBase& builder, Value* floats) const override {
    const auto lanes = llvm::cast<llvm::FixedVectorType>(floats->getType())->getNumElements();
    llvm::Type* integers = vector_of(builder.getInt32Ty(), static_cast<int>(lanes));
    if (lanes == 16) {
      constexpr uint32_t kByDefault = 4;
      return builder.CreateIntrinsic(llvm::Intrinsic::x86_avx512_mask_cvtps2dq_512, {},
                                     {floats, llvm::Constant::getNullValue(integers),
                                      builder.getInt16(0xffff), builder.getInt32(kByDefault)});
    }
    const auto conversion =
        lanes == 8 ? llvm::Intrinsic::x86_avx_cvt_ps2dq_256 : llvm::Intrinsic::x86_sse2_cvtps2dq;
    return builder.CreateIntrinsic(conversion, {}, {floats});
  }

  Value* emit_narrowed(IRBuilderBase& builder, Value* integers, int lanes) const override {
    Value* low = lanes == 8 ? part_of(builder, integers, 0, 4) : integers;
    Value* high = lanes == 8 ? part_of(builder, integers, 4, 4) : integers;
    Value* words = builder.CreateIntrinsic(llvm::Intrinsic::x86_sse2_packssdw_128, {}, {low, high});
    return builder.CreateIntrinsic(llvm::Intrinsic::x86_sse2_packuswb_128, {}, {words, words});
  }
};

}  // namespace

const CodeTarget& x86_target() {
  static const X86Target target;
  return target;
}

}  // namespace wattgrind
