#include "kernels/codegen/trace_pass.h"

#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/MachineMemOperand.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/MC/MCInstrDesc.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "estimator/base/error.h"
#include "kernels/codegen/instruction_class.h"
#include "kernels/codegen/trace_frame.h"

namespace wattgrind {
namespace {

using llvm::MachineBasicBlock;
using llvm::MachineFunction;
using llvm::MachineInstr;
using llvm::MachineInstrBuilder;

// The parts of an x86 memory operand are base, scale, index, displacement and segment.
constexpr unsigned kMemoryOperandParts = 5;
// The condition code of "below" (Intel SDM, volume 1, appendix B).
constexpr int64_t kBelow = 2;

// The instructions and registers of x86, looked up by name in LLVM's tables, because LLVM's headers
// for x86 are not installed with it.
struct X86 {
  explicit X86(const llvm::TargetSubtargetInfo& target)
      : info(*target.getInstrInfo()), registers(*target.getRegisterInfo()) {}

  unsigned opcode(llvm::StringRef name) const {
    for (unsigned i = 0; i < info.getNumOpcodes(); ++i) {
      if (info.getName(i) == name) return i;
    }
    CHECK(false, "LLVM knows no instruction {}", name.str());
    return 0;
  }
  llvm::MCRegister reg(llvm::StringRef name) const {
    for (unsigned i = 1; i < registers.getNumRegs(); ++i) {
      if (name == registers.getName(i)) return i;
    }
    CHECK(false, "LLVM knows no register {}", name.str());
    return 0;
  }

  const llvm::TargetInstrInfo& info;
  const llvm::TargetRegisterInfo& registers;
  const llvm::MCRegister rax = reg("RAX"), rcx = reg("RCX"), rsp = reg("RSP"), rip = reg("RIP"),
                         flags = reg("EFLAGS");
  const llvm::MCInstrDesc &load = info.get(opcode("MOV64rm")), &store = info.get(opcode("MOV64mr")),
                          &store_constant64 = info.get(opcode("MOV64mi32")),
                          &store_constant32 = info.get(opcode("MOV32mi")),
                          &address = info.get(opcode("LEA64r")),
                          &compare = info.get(opcode("CMP64rm")),
                          &jump_if = info.get(opcode("JCC_1")), &push = info.get(opcode("PUSH64r")),
                          &pop = info.get(opcode("POP64r")),
                          &jump_to_loaded = info.get(opcode("JMP64m"));
};

// What an instruction does to memory, and where. The place is named by its memory operand or, for
// pushes and pops, by a distance from the stack pointer.
struct MemoryUse {
  unsigned operand = 0;                 // the position of the memory operand's first part
  std::optional<int64_t> stack_offset;  // in bytes; absent where there is a memory operand
  TraceRecord kind;
};

std::string text(const MachineInstr& instruction) {
  std::string text;
  llvm::raw_string_ostream(text) << instruction;
  return text;
}

// How many bytes an instruction reads or writes: what instruction selection noted. For a blend with
// memory it notes nothing, and the answer is the size of the whole register.
uint16_t bytes_of(const X86& x86, const MachineInstr& instruction) {
  if (instruction.memoperands_empty()) {
    CHECK(instruction.getNumExplicitDefs() == 1 &&
              x86.info.getName(instruction.getOpcode()).starts_with("VBLENDM") &&
              !x86.info.getName(instruction.getOpcode()).contains("rmb"),
          "memory of no known size: {}", text(instruction));
    const llvm::TargetRegisterClass* result =
        x86.info.getRegClass(instruction.getDesc(), 0, &x86.registers, *instruction.getMF());
    return static_cast<uint16_t>(x86.registers.getRegSizeInBits(*result) / 8);
  }
  uint64_t bytes = 0;
  for (const llvm::MachineMemOperand* memory : instruction.memoperands()) {
    const uint64_t one = memory->getSize().getValue();
    CHECK(bytes == 0 || bytes == one, "{} and {} bytes: {}", bytes, one, text(instruction));
    bytes = one;
  }
  return static_cast<uint16_t>(bytes);
}

std::optional<MemoryUse> memory_use(const X86& x86, const MachineInstr& instruction) {
  // Inline assembly only puts addresses in registers here, but LLVM takes it for a use of memory.
  if (!instruction.mayLoadOrStore() || instruction.isInlineAsm()) return std::nullopt;
  if (is_prefetch(instruction)) return std::nullopt;
  constexpr uint16_t kWord = 8;
  if (instruction.getOpcode() == x86.push.getOpcode()) {
    return MemoryUse{.stack_offset = -kWord, .kind = {.bytes = kWord, .is_write = true}};
  }
  if (instruction.getOpcode() == x86.pop.getOpcode()) {
    return MemoryUse{.stack_offset = 0, .kind = {.bytes = kWord, .is_read = true}};
  }
  const auto operands = instruction.getDesc().operands();
  const auto* const at = std::find_if(operands.begin(), operands.end(), [](const auto& operand) {
    return operand.OperandType == llvm::MCOI::OPERAND_MEMORY;
  });
  CHECK(at != operands.end(), "memory that is not named: {}", text(instruction));
  MemoryUse use = {.operand = static_cast<unsigned>(at - operands.begin())};
  use.kind.is_read = instruction.mayLoad();
  use.kind.is_write = instruction.mayStore();
  use.kind.bytes = bytes_of(x86, instruction);
  return use;
}

// The second half of a record as the constant that the code stores.
int64_t encode(const TraceRecord& kind) {
  return kind.bytes | (kind.is_read ? 1 << 16 : 0) | (kind.is_write ? 1 << 24 : 0);
}

// Writes instructions before a place in a block.
class Emitter {
 public:
  Emitter(const X86& x86, uint64_t frame_address, MachineBasicBlock& block,
          MachineBasicBlock::iterator before)
      : x86_(x86), frame_address_(frame_address), block_(block), before_(before) {}

  void load(llvm::MCRegister to, size_t field) { frame(define(x86_.load, to), field); }
  void store(llvm::MCRegister from, size_t field) { frame(emit(x86_.store), field).addReg(from); }
  void store_constant(int64_t value, size_t field) {
    frame(emit(x86_.store_constant64), field).addImm(value);
  }
  void compare(llvm::MCRegister reg, size_t field) { frame(emit(x86_.compare).addReg(reg), field); }
  void jump_if_below(MachineBasicBlock& target) {
    emit(x86_.jump_if).addMBB(&target).addImm(kBelow);
  }
  void jump_to_loaded(size_t field) { frame(emit(x86_.jump_to_loaded), field); }
  void address_of(MachineBasicBlock& block, llvm::MCRegister to) {
    define(x86_.address, to).addReg(x86_.rip).addImm(1).addReg(0).addMBB(&block).addReg(0);
  }

  // Writes the record of an instruction at `next`.
  void record(const MachineInstr& instruction, const MemoryUse& use) {
    store(x86_.rax, offsetof(TraceFrame, saved_rax));
    store(x86_.rcx, offsetof(TraceFrame, saved_rcx));
    load_address(instruction, use);
    load(x86_.rax, offsetof(TraceFrame, next));
    at(emit(x86_.store), x86_.rax, offsetof(TraceRecord, address)).addReg(x86_.rcx);
    at(emit(x86_.store_constant32), x86_.rax, offsetof(TraceRecord, bytes))
        .addImm(encode(use.kind));
    at(define(x86_.address, x86_.rax), x86_.rax, sizeof(TraceRecord));
    store(x86_.rax, offsetof(TraceFrame, next));
    load(x86_.rcx, offsetof(TraceFrame, saved_rcx));
    load(x86_.rax, offsetof(TraceFrame, saved_rax));
  }

 private:
  // Loads the address to rcx, which must happen before any other register changes.
  void load_address(const MachineInstr& instruction, const MemoryUse& use) {
    MachineInstrBuilder address = define(x86_.address, x86_.rcx);
    if (use.stack_offset) {
      at(address, x86_.rsp, *use.stack_offset);
      return;
    }
    for (unsigned i = 0; i < kMemoryOperandParts; ++i) {
      address.add(instruction.getOperand(use.operand + i));
      llvm::MachineOperand& part = address->getOperand(address->getNumOperands() - 1);
      if (part.isReg()) part.setIsKill(false);
    }
  }

  MachineInstrBuilder emit(const llvm::MCInstrDesc& what) {
    return BuildMI(block_, before_, llvm::DebugLoc(), what);
  }
  MachineInstrBuilder define(const llvm::MCInstrDesc& what, llvm::MCRegister to) {
    return BuildMI(block_, before_, llvm::DebugLoc(), what, to);
  }
  static const MachineInstrBuilder& at(const MachineInstrBuilder& instruction,
                                       llvm::MCRegister base, int64_t offset_bytes) {
    return instruction.addReg(base).addImm(1).addReg(0).addImm(offset_bytes).addReg(0);
  }
  const MachineInstrBuilder& frame(const MachineInstrBuilder& instruction, size_t field) const {
    return at(instruction, llvm::MCRegister(), static_cast<int64_t>(frame_address_ + field));
  }

  const X86& x86_;
  const uint64_t frame_address_;
  MachineBasicBlock& block_;
  const MachineBasicBlock::iterator before_;
};

class TracePass : public llvm::MachineFunctionPass {
 public:
  TracePass(uint64_t frame_address, uint64_t& most_records)
      : MachineFunctionPass(id_), frame_address_(frame_address), most_records_(most_records) {}

  llvm::StringRef getPassName() const override { return "Trace of memory references"; }

  bool runOnMachineFunction(MachineFunction& function) override {
    if (!x86_) x86_.emplace(function.getSubtarget());
    // Between two checks the code goes back to no earlier block, so that each instruction runs once
    // at most and writes one record.
    const uint64_t records = add_records(function);
    most_records_ = std::max(most_records_, records);
    for (MachineBasicBlock* top : loop_tops(function)) {
      CHECK(!top->isLiveIn(x86_->flags), "a loop begins with flags set");
      add_check(*top);
    }
    begin_function(function.front());
    return true;
  }

 private:
  uint64_t add_records(MachineFunction& function) const {
    uint64_t records = 0;
    for (MachineBasicBlock& block : function) {
      // New instructions stand before the one visited, and are not visited themselves.
      for (MachineInstr& instruction : block) {
        if (const std::optional<MemoryUse> use = memory_use(*x86_, instruction)) {
          Emitter(*x86_, frame_address_, block, instruction).record(instruction, *use);
          ++records;
        }
      }
    }
    return records;
  }

  static std::vector<MachineBasicBlock*> loop_tops(MachineFunction& function) {
    function.RenumberBlocks();
    std::vector<MachineBasicBlock*> tops;
    for (MachineBasicBlock& block : function) {
      const auto comes_back = [&](const MachineBasicBlock* from) {
        return from->getNumber() >= block.getNumber();
      };
      if (std::any_of(block.pred_begin(), block.pred_end(), comes_back)) tops.push_back(&block);
    }
    return tops;
  }

  // Moves what is in the block to a new block behind it, and returns that.
  static MachineBasicBlock& move_behind(MachineBasicBlock& block) {
    MachineFunction& function = *block.getParent();
    MachineBasicBlock* rest = function.CreateMachineBasicBlock(block.getBasicBlock());
    function.insert(std::next(block.getIterator()), rest);
    rest->splice(rest->end(), &block, block.begin(), block.end());
    rest->transferSuccessors(&block);
    rest->setLabelMustBeEmitted();
    return *rest;
  }

  // Makes the code leave through `flush` at the top of the block if there is no room.
  void add_check(MachineBasicBlock& block) const {
    MachineBasicBlock& rest = move_behind(block);
    MachineBasicBlock& full = move_behind(block);
    block.addSuccessor(&full);
    block.addSuccessor(&rest);
    Emitter check(*x86_, frame_address_, block, block.end());
    check.store(x86_->rax, offsetof(TraceFrame, saved_rax));
    check.load(x86_->rax, offsetof(TraceFrame, next));
    check.compare(x86_->rax, offsetof(TraceFrame, limit));
    check.load(x86_->rax, offsetof(TraceFrame, saved_rax));
    check.jump_if_below(rest);
    leave(full, rest);
  }

  // Makes the function begin by leaving through `flush`, so that the records of the function before
  // it are told from its own.
  void begin_function(MachineBasicBlock& block) {
    MachineBasicBlock& rest = move_behind(block);
    Emitter(*x86_, frame_address_, block, block.end())
        .store_constant(next_function_++, offsetof(TraceFrame, function));
    leave(block, rest);
  }

  // Makes the code go from the end of `block` through `flush` to `rest`, which finds in rax what it
  // was before.
  void leave(MachineBasicBlock& block, MachineBasicBlock& rest) const {
    Emitter out(*x86_, frame_address_, block, block.end());
    out.store(x86_->rax, offsetof(TraceFrame, saved_rax));
    out.address_of(rest, x86_->rax);
    out.store(x86_->rax, offsetof(TraceFrame, resume));
    out.jump_to_loaded(offsetof(TraceFrame, flush));
    block.addSuccessor(&rest);
  }

  static char id_;
  const uint64_t frame_address_;
  uint64_t& most_records_;
  std::optional<X86> x86_;  // made from the first function; all are for the same processor
  int64_t next_function_ = 0;
};

char TracePass::id_ = 0;

}  // namespace

std::unique_ptr<llvm::Pass> make_trace_pass(uint64_t frame_address, uint64_t& most_records) {
  CHECK(frame_address + sizeof(TraceFrame) <= uint64_t{INT32_MAX}, "a frame at {:#x}",
        frame_address);
  return std::make_unique<TracePass>(frame_address, most_records);
}

}  // namespace wattgrind
