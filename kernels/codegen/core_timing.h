// How many cycles a core takes for a block of machine code, by LLVM's scheduling model of it.
//
// A core that reorders instructions takes for a block as long as its busiest port, as the front end
// takes to hand over its micro-operations, or, where the block is a loop's body, as the longest
// chain of results that one iteration hands to the next, whichever is longest (Laukemann et al.,
// OSACA, PMBS 2018). One that issues in order is followed instruction by instruction: each waits
// for its operands, its unit and its turn. Every load hits the first level.
#pragma once

#include <memory>

namespace llvm {
class MachineBasicBlock;
class MachineFunction;
class TargetMachine;
}  // namespace llvm

namespace wattgrind {

class CoreTiming {
 public:
  // `core` is a target machine of which LLVM has a model. `multiply_adds_512` is how many
  // 512-bit floating-point operations start in a cycle, where that is fewer than the model says; 0:
  // as it says. Both must outlive this.
  CoreTiming(const llvm::TargetMachine& core, double multiply_adds_512);
  ~CoreTiming();

  // Must be called before a function's blocks are asked for.
  void begin(const llvm::MachineFunction& function);

  // Cycles of one execution, at least one. In a loop it is that of one of many iterations.
  double cycles(const llvm::MachineBasicBlock& block, bool is_loop) const;

  // What a branch costs that was predicted wrongly.
  double mispredict_cycles() const;

 private:
  class Model;
  std::unique_ptr<Model> model_;
};

}  // namespace wattgrind
