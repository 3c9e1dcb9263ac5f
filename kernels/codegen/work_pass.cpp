#include "kernels/codegen/work_pass.h"

#include <llvm/CodeGen/MachineFunctionPass.h>

#include <map>

#include "estimator/base/error.h"
#include "kernels/codegen/core_timing.h"
#include "kernels/codegen/instruction_class.h"

namespace wattgrind {
namespace {

using llvm::MachineBasicBlock;
using llvm::MachineFunction;

bool comes_back_to(const MachineBasicBlock& from, const MachineBasicBlock& to) {
  return to.getNumber() <= from.getNumber();
}

class WorkPass : public llvm::MachineFunctionPass {
 public:
  WorkPass(const BlockRunsMap& runs, CoreTiming* timing, std::vector<FunctionWork>& functions)
      : MachineFunctionPass(id_), runs_(runs), timing_(timing), functions_(functions) {}

  bool runOnMachineFunction(MachineFunction& function) override {
    function.RenumberBlocks();  // in the order of the code, by which loops are told
    if (timing_ != nullptr) timing_->begin(function);
    FunctionWork& work = functions_.emplace_back();
    std::map<const llvm::BasicBlock*, const MachineBasicBlock*> seen;
    for (const MachineBasicBlock& block : function) {
      const bool is_new = seen.emplace(block.getBasicBlock(), &block).second;
      CHECK(is_new && block.succ_size() <= 2, "{}: a block became several",
            function.getName().str());
      work.blocks.push_back({0, runs_of(block).executions, times_run_into(block)});
      add_block(block, work);
    }
    return false;
  }

 private:
  const BlockRuns& runs_of(const MachineBasicBlock& block) const {
    const auto found = runs_.find(block.getBasicBlock());
    CHECK(found != runs_.end(), "{}: a block that no nest has", block.getParent()->getName().str());
    return found->second;
  }

  void add_block(const MachineBasicBlock& block, FunctionWork& work) const {
    const uint64_t executions = runs_of(block).executions;
    for (const llvm::MachineInstr& instruction : block) {
      const uint64_t emitted = emitted_instructions(instruction);
      if (emitted == 0) continue;
      work.blocks.back().instructions += emitted;
      add(traits_of(instruction), emitted * executions, work.instructions);
    }
    if (timing_ != nullptr) {
      work.cycles +=
          static_cast<double>(executions) * timing_->cycles(block, block.isSuccessor(&block));
    }
  }

  // Each time the block before ends without a jump elsewhere: of a loop's last block, as often as
  // the loop is left.
  uint64_t times_run_into(const MachineBasicBlock& block) const {
    if (block.getIterator() == block.getParent()->begin()) return 0;
    const MachineBasicBlock& before = *std::prev(block.getIterator());
    if (!before.isSuccessor(&block)) return 0;
    for (const MachineBasicBlock* next : before.successors()) {
      if (comes_back_to(before, *next)) return runs_of(*next).entries;
    }
    return runs_of(before).executions;
  }

  static char id_;
  const BlockRunsMap& runs_;
  CoreTiming* const timing_;
  std::vector<FunctionWork>& functions_;
};

char WorkPass::id_ = 0;

}  // namespace

std::unique_ptr<llvm::Pass> make_work_pass(const BlockRunsMap& runs, CoreTiming* timing,
                                           std::vector<FunctionWork>& functions) {
  return std::make_unique<WorkPass>(runs, timing, functions);
}

}  // namespace wattgrind
