#include "kernels/codegen/machine_work.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Pass.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <cmath>

#include "estimator/base/error.h"
#include "kernels/codegen/chain.h"
#include "kernels/codegen/core_timing.h"
#include "kernels/codegen/instruction_class.h"
#include "kernels/codegen/object_code.h"
#include "kernels/codegen/work_pass.h"

namespace wattgrind {
namespace {

// What an instruction is, as far as it matters here.
struct DecodedInstruction {
  uint64_t loads = 0, stores = 0;
  bool on_stack = false;  // they are
};

// Reads machine code instruction by instruction.
class Decoder {
 public:
  explicit Decoder(const llvm::TargetMachine& machine)
      : instructions_(*machine.getMCInstrInfo()),
        registers_(*machine.getMCRegisterInfo()),
        context_(machine.getTargetTriple(), machine.getMCAsmInfo(), machine.getMCRegisterInfo(),
                 machine.getMCSubtargetInfo()),
        disassembler_(
            machine.getTarget().createMCDisassembler(*machine.getMCSubtargetInfo(), context_)) {}

  void start(std::span<const uint8_t> code) { rest_ = code; }
  bool at_end() const { return rest_.empty(); }

  // Whether the next instruction does nothing, as what pads code does.
  bool next_is_padding() const { return !at_end() && is_padding(decode().first); }

  void skip() { rest_ = rest_.subspan(decode().second); }

  DecodedInstruction next() {
    const auto [instruction, bytes] = decode();
    rest_ = rest_.subspan(bytes);
    const llvm::MCInstrDesc& description = instructions_.get(instruction.getOpcode());
    const llvm::StringRef name = instructions_.getName(instruction.getOpcode());
    DecodedInstruction decoded;
    if (is_padding(instruction) || description.isBranch() || is_prefetch(name)) return decoded;
    const uint64_t values = name.starts_with("LDP") || name.starts_with("STP") ? 2 : 1;
    decoded.loads = description.mayLoad() ? values : 0;
    decoded.stores = description.mayStore() ? values : 0;
    decoded.on_stack = name.starts_with("PUSH") || name.starts_with("POP") ||
                       std::any_of(instruction.begin(), instruction.end(),
                                   [this](const auto& operand) { return is_stack(operand); });
    return decoded;
  }

 private:
  std::pair<llvm::MCInst, uint64_t> decode() const {
    llvm::MCInst instruction;
    uint64_t bytes = 0;
    const auto status = disassembler_->getInstruction(
        instruction, bytes, llvm::ArrayRef<uint8_t>(rest_.data(), rest_.size()), 0, llvm::nulls());
    CHECK(status == llvm::MCDisassembler::Success && bytes > 0, "code that LLVM cannot read");
    return {instruction, bytes};
  }

  bool is_padding(const llvm::MCInst& instruction) const {
    const llvm::StringRef mnemonic = instructions_.getName(instruction.getOpcode());
    return mnemonic.starts_with("NOOP") || mnemonic == "HINT";  // x86's and AArch64's
  }

  bool is_stack(const llvm::MCOperand& operand) const {
    if (!operand.isReg() || !operand.getReg()) return false;
    const llvm::StringRef name = registers_.getName(operand.getReg());
    return name == "RSP" || name == "SP";
  }

  const llvm::MCInstrInfo& instructions_;
  const llvm::MCRegisterInfo& registers_;
  llvm::MCContext context_;
  std::unique_ptr<llvm::MCDisassembler> disassembler_;
  std::span<const uint8_t> rest_;
};

void add(const DecodedInstruction& instruction, uint64_t times, MachineWork& work) {
  References& references = instruction.on_stack ? work.stack_references : work.references;
  references.reads += times * instruction.loads;
  references.writes += times * instruction.stores;
}

// Adds what only the code itself tells of a function whose blocks' work is known: instructions that
// pad it, as often as they are executed, and references.
void read_code(Decoder& decoder, const FunctionWork& function, MachineWork& work) {
  uint64_t& scalar = work.instructions.by_class[static_cast<size_t>(InstructionClass::kScalar)];
  for (const BlockWork& block : function.blocks) {
    while (decoder.next_is_padding()) {
      scalar += block.times_run_into;
      decoder.skip();
    }
    for (uint64_t i = 0; i < block.instructions; ++i) add(decoder.next(), block.executions, work);
  }
  CHECK(decoder.at_end(), "a function's code is longer than its blocks");
}

}  // namespace

std::vector<MachineWork> machine_work(std::span<const KernelCall> calls,
                                      const CodegenOptions& for_any_core,
                                      const std::optional<CoreModel>& core) {
  CodegenOptions options = for_any_core;
  std::unique_ptr<llvm::TargetMachine> core_machine;
  std::optional<CoreTiming> timing;
  if (core) {
    core_machine = make_core_machine(options.isa, core->llvm_cpu);
    if (options.isa == Isa::kNeon && !reorders_instructions(options.isa, core->llvm_cpu)) {
      options.in_order_core = core->llvm_cpu;
    }
    timing.emplace(*core_machine, core->operations_512_per_cycle.value_or(0));
  }
  BlockRunsMap runs;
  std::vector<FunctionWork> functions;
  const MachineCode code = compile_chain(
      calls, options, runs, make_work_pass(runs, timing ? &*timing : nullptr, functions));
  CHECK(functions.size() == calls.size() && code.functions.size() == calls.size(),
        "{} calls became {} functions", calls.size(), functions.size());

  const auto machine = make_target_machine(options);
  Decoder decoder(*machine);
  std::vector<MachineWork> result;
  for (size_t i = 0; i < calls.size(); ++i) {
    const CodeSymbol& symbol = code.functions[i];
    decoder.start(std::span(code.text).subspan(symbol.offset_bytes, symbol.size_bytes));
    MachineWork& work = result.emplace_back();
    work.instructions = functions[i].instructions;
    read_code(decoder, functions[i], work);
    if (timing) work.cycles = static_cast<uint64_t>(std::llround(functions[i].cycles));
  }
  return result;
}

}  // namespace wattgrind
