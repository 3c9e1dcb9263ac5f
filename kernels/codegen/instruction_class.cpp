#include "kernels/codegen/instruction_class.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstr.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <algorithm>
#include <array>

namespace wattgrind {
namespace {

using llvm::StringRef;

// The width of a register by its name: of x86 XMM, YMM and ZMM, of AArch64 B to Q and a number.
uint64_t vector_register_bits(StringRef name) {
  constexpr std::array<std::pair<const char*, uint64_t>, 3> kX86 = {
      {{"XMM", 128}, {"YMM", 256}, {"ZMM", 512}}};
  for (const auto& [prefix, bits] : kX86) {
    if (name.starts_with(prefix)) return bits;
  }
  if (name.size() < 2 || !llvm::isDigit(name[1])) return 0;
  constexpr StringRef kArm = "BHSDQ";
  const size_t size = kArm.find(name[0]);
  return size == StringRef::npos ? 0 : uint64_t{8} << size;
}

bool contains_any(StringRef name, std::initializer_list<StringRef> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](StringRef word) { return name.contains(word); });
}

bool starts_with_any(StringRef name, std::initializer_list<StringRef> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](StringRef word) { return name.starts_with(word); });
}

bool is_multiply_add(StringRef name) {
  return contains_any(name, {"FMADD", "FMSUB", "FNMADD", "FNMSUB", "FMLA", "FMLS"}) ||
         starts_with_any(name, {"VPDPBUSD", "VPDPWSSD", "PMADD", "VPMADD", "SDOT", "UDOT"});
}

bool is_shuffle(StringRef name) {
  const StringRef plain = name.starts_with("V") ? name.drop_front() : name;
  return starts_with_any(
      plain, {"BROADCAST", "PBROADCAST", "PERM",    "SHUF",    "PSHUF",   "UNPCK", "PUNPCK",
              "INSERT",    "EXTRACT",    "PINSR",   "PEXTR",   "PALIGNR", "ALIGN", "MOVDDUP",
              "MOVSHDUP",  "MOVSLDUP",   "MOVHLPS", "MOVLHPS", "DUP",     "EXTv",  "ZIP",
              "UZP",       "TRN",        "INSv",    "REV",     "TBL"});
}

// Takes values from memory and does nothing else to them than to repeat them.
bool is_plain_load(StringRef name) {
  const StringRef plain = name.starts_with("V") ? name.drop_front() : name;
  return starts_with_any(plain, {"MOV", "BROADCAST", "PBROADCAST", "LDR", "LDUR", "LDP", "LD1"});
}

}  // namespace

bool is_prefetch(StringRef name) { return starts_with_any(name, {"PREFETCH", "PRFM", "PRFUM"}); }

bool is_prefetch(const llvm::MachineInstr& instruction) {
  return is_prefetch(
      instruction.getMF()->getSubtarget().getInstrInfo()->getName(instruction.getOpcode()));
}

InstructionTraits traits_of(const llvm::MachineInstr& instruction) {
  const llvm::TargetSubtargetInfo& target = instruction.getMF()->getSubtarget();
  const StringRef name = target.getInstrInfo()->getName(instruction.getOpcode());
  InstructionTraits traits;
  // Inline assembly puts immediates in general registers here, though LLVM takes it for more.
  if (instruction.isInlineAsm() || is_prefetch(name)) return traits;
  if (instruction.isBranch() || instruction.isCall() || instruction.isReturn()) {
    traits.instruction_class = InstructionClass::kBranch;
    return traits;
  }
  for (const llvm::MachineOperand& operand : instruction.operands()) {
    if (!operand.isReg() || !operand.getReg().isPhysical()) continue;
    const StringRef reg = target.getRegisterInfo()->getName(operand.getReg());
    traits.vector_bits = std::max(traits.vector_bits, vector_register_bits(reg));
  }
  traits.has_memory_operand = instruction.mayLoadOrStore();
  if (traits.vector_bits == 0) return traits;
  if (instruction.mayStore()) {
    traits.instruction_class = InstructionClass::kVectorStore;
  } else if (is_multiply_add(name)) {
    traits.instruction_class = InstructionClass::kMultiplyAdd;
  } else if (instruction.mayLoad() && is_plain_load(name)) {
    traits.instruction_class = InstructionClass::kVectorLoad;
  } else if (is_shuffle(name)) {
    traits.instruction_class = InstructionClass::kShuffle;
  } else {
    traits.instruction_class = InstructionClass::kVectorArithmetic;
  }
  return traits;
}

uint64_t emitted_instructions(const llvm::MachineInstr& instruction) {
  if (instruction.isMetaInstruction()) return 0;
  if (!instruction.isInlineAsm()) return 1;
  const StringRef text = instruction.getOperand(0).getSymbolName();
  return 1 + text.count('\n');
}

void add(const InstructionTraits& traits, uint64_t times, InstructionCounts& counts) {
  constexpr uint64_t kUnitBits = 128;
  counts.by_class[static_cast<size_t>(traits.instruction_class)] += times;
  if (traits.has_memory_operand) counts.memory_operands += times;
  switch (traits.instruction_class) {
    case InstructionClass::kMultiplyAdd:
    case InstructionClass::kVectorArithmetic:
    case InstructionClass::kShuffle:
      counts.vector_128_bits += times * ((traits.vector_bits + kUnitBits - 1) / kUnitBits);
      break;
    default:
      break;
  }
}

}  // namespace wattgrind
