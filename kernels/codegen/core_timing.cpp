#include "kernels/codegen/core_timing.h"

#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSchedule.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "kernels/codegen/instruction_class.h"

namespace wattgrind {
namespace {

using llvm::MachineBasicBlock;
using llvm::MachineInstr;

// So many iterations are followed until a chain through them, or a steady state of the units, is
// seen in the last.
constexpr int kIterations = 6;

// An instruction as the last to write a register, and when it began to execute.
struct Definition {
  const MachineInstr* instruction = nullptr;
  unsigned operand = 0;
  double start = 0;
};

}  // namespace

class CoreTiming::Model {
 public:
  Model(const llvm::TargetMachine& core, double multiply_adds_512)
      : core_(core), multiply_adds_512_(multiply_adds_512) {}

  void begin(const llvm::MachineFunction& function) {
    if (is_ready_) return;
    // All functions are for one processor.
    schedule_.init(core_.getSubtargetImpl(function.getFunction()));
    registers_ = function.getSubtarget().getRegisterInfo();
    is_ready_ = true;
  }

  double cycles(const MachineBasicBlock& block, bool is_loop) const {
    std::vector<const MachineInstr*> code;
    for (const MachineInstr& instruction : block) {
      if (emitted_instructions(instruction) > 0) code.push_back(&instruction);
    }
    const bool is_in_order = schedule_.getMicroOpBufferSize() <= 1;
    const double cycles = is_in_order ? in_order_cycles(code, is_loop)
                          : is_loop   ? std::max(throughput_cycles(code), chain_cycles(code))
                                      : throughput_cycles(code);
    return std::max(1.0, cycles);
  }

  double mispredict_cycles() const { return schedule_.getMCSchedModel()->MispredictPenalty; }

 private:
  const llvm::MCSchedClassDesc* scheduling_class(const MachineInstr& instruction) const {
    const llvm::MCSchedClassDesc* found = schedule_.resolveSchedClass(&instruction);
    return found->isValid() ? found : nullptr;
  }

  double micro_operations(const MachineInstr& instruction) const {
    if (instruction.isInlineAsm()) return static_cast<double>(emitted_instructions(instruction));
    const llvm::MCSchedClassDesc* found = scheduling_class(instruction);
    return found == nullptr ? 1 : found->NumMicroOps;
  }

  // Calls visit(resource, cycles) for each kind of unit that the instruction keeps busy.
  template <typename Visit>
  void for_each_use(const MachineInstr& instruction, const Visit& visit) const {
    if (instruction.isInlineAsm()) return;
    const llvm::MCSchedClassDesc* found = scheduling_class(instruction);
    if (found == nullptr) return;
    for (const llvm::MCWriteProcResEntry* use = schedule_.getWriteProcResBegin(found);
         use != schedule_.getWriteProcResEnd(found); ++use) {
      visit(use->ProcResourceIdx, static_cast<double>(use->ReleaseAtCycle - use->AcquireAtCycle));
    }
  }

  double throughput_cycles(const std::vector<const MachineInstr*>& code) const {
    std::vector<double> busy(schedule_.getNumProcResourceKinds(), 0);
    double operations = 0, wide = 0;
    for (const MachineInstr* instruction : code) {
      operations += micro_operations(*instruction);
      for_each_use(*instruction, [&](unsigned unit, double cycles) { busy[unit] += cycles; });
      wide += is_wide_arithmetic(*instruction) ? 1 : 0;
    }
    double cycles = operations / schedule_.getIssueWidth();
    for (unsigned unit = 1; unit < busy.size(); ++unit) {
      cycles = std::max(cycles, busy[unit] / schedule_.getProcResource(unit)->NumUnits);
    }
    return multiply_adds_512_ > 0 ? std::max(cycles, wide / multiply_adds_512_) : cycles;
  }

  bool is_wide_arithmetic(const MachineInstr& instruction) const {
    constexpr uint64_t kWideBits = 512;
    if (multiply_adds_512_ == 0) return false;
    const InstructionTraits traits = traits_of(instruction);
    return traits.vector_bits == kWideBits &&
           (traits.instruction_class == InstructionClass::kMultiplyAdd ||
            traits.instruction_class == InstructionClass::kVectorArithmetic);
  }

  using Definitions = std::map<llvm::MCRegUnit, Definition>;

  // When the operands that the instruction reads are there. Registers that nobody wrote are there
  // from the beginning.
  double operands_ready(const MachineInstr& instruction, const Definitions& definitions) const {
    double ready = 0;
    for (unsigned i = 0; i < instruction.getNumOperands(); ++i) {
      const llvm::MachineOperand& operand = instruction.getOperand(i);
      if (!operand.isReg() || !operand.readsReg() || !operand.getReg().isPhysical()) continue;
      for (llvm::MCRegUnit unit : registers_->regunits(operand.getReg())) {
        const auto found = definitions.find(unit);
        if (found == definitions.end()) continue;
        const Definition& from = found->second;
        const unsigned latency =
            from.instruction->isInlineAsm() || instruction.isInlineAsm()
                ? 1
                : schedule_.computeOperandLatency(from.instruction, from.operand, &instruction, i);
        ready = std::max(ready, from.start + latency);
      }
    }
    return ready;
  }

  void define(const MachineInstr& instruction, double start, Definitions& definitions) const {
    for (unsigned i = 0; i < instruction.getNumOperands(); ++i) {
      const llvm::MachineOperand& operand = instruction.getOperand(i);
      if (!operand.isReg() || !operand.isDef() || !operand.getReg().isPhysical()) continue;
      for (llvm::MCRegUnit unit : registers_->regunits(operand.getReg())) {
        definitions[unit] = {&instruction, i, start};
      }
    }
  }

  // By how much the last iteration's results come later than the same results of the one before,
  // where nothing but operands is waited for.
  double chain_cycles(const std::vector<const MachineInstr*>& code) const {
    Definitions definitions, before;
    for (int iteration = 0; iteration < kIterations; ++iteration) {
      before = definitions;
      for (const MachineInstr* instruction : code) {
        define(*instruction, operands_ready(*instruction, definitions), definitions);
      }
    }
    double cycles = 0;
    for (const auto& [unit, definition] : definitions) {
      cycles = std::max(cycles, definition.start - before.at(unit).start);
    }
    return cycles;
  }

  // The state of a core that issues in order.
  struct Issue {
    double cycle = 0;                          // in which the next instruction may issue
    double slots = 0;                          // taken in that cycle
    std::vector<std::vector<double>> free_at;  // by kind of unit and unit
  };

  double in_order_cycles(const std::vector<const MachineInstr*>& code, bool is_loop) const {
    Issue issue;
    for (unsigned unit = 0; unit < schedule_.getNumProcResourceKinds(); ++unit) {
      issue.free_at.emplace_back(schedule_.getProcResource(unit)->NumUnits, 0);
    }
    Definitions definitions;
    double before = 0;
    for (int iteration = 0; iteration < (is_loop ? kIterations : 1); ++iteration) {
      before = issue.cycle + issue.slots / schedule_.getIssueWidth();
      for (const MachineInstr* instruction : code) issue_next(*instruction, issue, definitions);
    }
    return issue.cycle + issue.slots / schedule_.getIssueWidth() - before;
  }

  void issue_next(const MachineInstr& instruction, Issue& issue, Definitions& definitions) const {
    double at = std::max(issue.cycle, operands_ready(instruction, definitions));
    for_each_use(instruction, [&](unsigned unit, double) {
      at = std::max(at, *std::ranges::min_element(issue.free_at[unit]));
    });
    if (at > issue.cycle) issue = {at, 0, std::move(issue.free_at)};
    for_each_use(instruction, [&](unsigned unit, double cycles) {
      *std::ranges::min_element(issue.free_at[unit]) = at + cycles;
    });
    issue.slots += micro_operations(instruction);
    const double width = schedule_.getIssueWidth();
    while (issue.slots >= width) {
      issue.slots -= width;
      issue.cycle += 1;
    }
    define(instruction, at, definitions);
  }

  const llvm::TargetMachine& core_;
  const double multiply_adds_512_;
  bool is_ready_ = false;
  llvm::TargetSchedModel schedule_;
  const llvm::TargetRegisterInfo* registers_ = nullptr;
};

CoreTiming::CoreTiming(const llvm::TargetMachine& core, double multiply_adds_512)
    : model_(std::make_unique<Model>(core, multiply_adds_512)) {}

CoreTiming::~CoreTiming() = default;

void CoreTiming::begin(const llvm::MachineFunction& function) { model_->begin(function); }

double CoreTiming::cycles(const MachineBasicBlock& block, bool is_loop) const {
  return model_->cycles(block, is_loop);
}

double CoreTiming::mispredict_cycles() const { return model_->mispredict_cycles(); }

}  // namespace wattgrind
