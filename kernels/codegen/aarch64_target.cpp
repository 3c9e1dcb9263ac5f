#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/TargetSelect.h>

#include <array>

#include "estimator/base/error.h"
#include "kernels/codegen/byte_vectors.h"
#include "kernels/codegen/code_target.h"

namespace wattgrind {
namespace {

using llvm::IRBuilderBase;
using llvm::Value;

class Aarch64Target : public CodeTarget {
 public:
  const char* triple() const override { return "aarch64-unknown-linux-gnu"; }

  const llvm::Target& llvm_target() const override {
    static const llvm::Target& target = [this]() -> const llvm::Target& {
      LLVMInitializeAArch64TargetInfo();
      LLVMInitializeAArch64Target();
      LLVMInitializeAArch64TargetMC();
      LLVMInitializeAArch64AsmPrinter();
      LLVMInitializeAArch64AsmParser();
      LLVMInitializeAArch64Disassembler();
      std::string error;
      const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple(), error);
      CHECK(found != nullptr, "{}", error);
      return *found;
    }();
    return target;
  }

  const char* processor(Isa) const override { return "generic"; }
  const char* byte_dots(Isa) const override { return "dotprod"; }

  FixupForm fixup_form(uint64_t relocation) const override {
    CHECK(relocation == llvm::ELF::R_AARCH64_JUMP26, "generated code has a relocation of type {}",
          relocation);
    return FixupForm::kBranch26;
  }

  // Sixteen bits an instruction.
  Value* emit_immediate(IRBuilderBase& builder, llvm::Type* type, uint64_t value) const override {
    constexpr unsigned kStep = 16;
    const bool is_wide = !type->isIntegerTy(32);
    const std::string reg = is_wide ? "${0:x}" : "${0:w}";
    std::string text = fmt::format("movz {}, #{}", reg, value & 0xffff);
    for (unsigned shift = kStep; shift < (is_wide ? 64 : 32); shift += kStep) {
      text += fmt::format("\nmovk {}, #{}, lsl #{}", reg, value >> shift & 0xffff, shift);
    }
    llvm::InlineAsm* move =
        llvm::InlineAsm::get(llvm::FunctionType::get(type, false), text, "=r", false);
    return builder.CreateCall(move, {});
  }

  Value* emit_dot(IRBuilderBase& builder, ConstantSplats&, const ByteDot& dot) const override {
    return dot.in_one_instruction ? fused_dot(builder, dot) : widened_dot(builder, dot);
  }

  Value* emit_products_of_int16(IRBuilderBase& builder, int lanes,
                                std::span<Value* const> operands) const override {
    return builder.CreateMul(as_integers(builder, operands[0], lanes, 32),
                             as_integers(builder, operands[1], lanes, 32));
  }

  Value* emit_to_int(IRBuilderBase& builder, Value* floats) const override {
    return builder.CreateIntrinsic(
        llvm::Intrinsic::aarch64_neon_fcvtns,
        {vector_of(builder.getInt32Ty(), kLeastLanes), floats->getType()}, {floats});
  }

  Value* emit_narrowed(IRBuilderBase& builder, Value* integers, int) const override {
    Value* words = builder.CreateTrunc(integers, vector_of(builder.getInt16Ty(), 4));
    constexpr std::array kTwice = {0, 1, 2, 3, 0, 1, 2, 3};
    return builder.CreateTrunc(builder.CreateShuffleVector(words, kTwice),
                               vector_of(builder.getInt8Ty(), 8));
  }

 private:
  static Value* bytes(IRBuilderBase& builder, const ByteDot& dot, size_t operand) {
    return as_integers(builder, dot.operands[operand], dot.lanes, 8);
  }
  static Value* sum(IRBuilderBase& builder, const ByteDot& dot) {
    return as_integers(builder, dot.operands[2], dot.lanes, 32);
  }

  static Value* fused_dot(IRBuilderBase& builder, const ByteDot& dot) {
    llvm::Type* const types[] = {vector_of(builder.getInt32Ty(), kLeastLanes),
                                 vector_of(builder.getInt8Ty(), 4 * kLeastLanes)};
    return builder.CreateIntrinsic(
        llvm::Intrinsic::aarch64_neon_sdot, types,
        {sum(builder, dot), bytes(builder, dot, 0), bytes(builder, dot, 1)});
  }

  static Value* widened_dot(IRBuilderBase& builder, const ByteDot& dot) {
    std::array<Value*, 2> pairs{};
    for (int half = 0; half < 2; ++half) {
      llvm::Type* wide = vector_of(builder.getInt16Ty(), 8);
      const auto part = [&](size_t operand) {
        return builder.CreateSExt(part_of(builder, bytes(builder, dot, operand), 8 * half, 8),
                                  wide);
      };
      llvm::Type* const types[] = {vector_of(builder.getInt32Ty(), kLeastLanes), wide};
      pairs[static_cast<size_t>(half)] = builder.CreateIntrinsic(
          llvm::Intrinsic::aarch64_neon_saddlp, types, {builder.CreateMul(part(0), part(1))});
    }
    Value* products = builder.CreateIntrinsic(
        llvm::Intrinsic::aarch64_neon_addp, {vector_of(builder.getInt32Ty(), kLeastLanes)}, pairs);
    return builder.CreateAdd(sum(builder, dot), products);
  }
};

}  // namespace

const CodeTarget& aarch64_target() {
  static const Aarch64Target target;
  return target;
}

}  // namespace wattgrind
