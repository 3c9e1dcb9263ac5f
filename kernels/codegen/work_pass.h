// A pass at the end of code generation that notes what each function's blocks ask of a core.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "estimator/counts/instructions.h"
#include "kernels/codegen/emit_nest.h"

namespace llvm {
class Pass;
}  // namespace llvm

namespace wattgrind {

class CoreTiming;

// A block of machine code, in the order of the code.
struct BlockWork {
  uint64_t instructions = 0;  // that it has
  uint64_t executions = 0;    // in one call
  // How often execution runs into it from the block before: what pads the code in front of it is
  // executed so often.
  uint64_t times_run_into = 0;
};

struct FunctionWork {
  std::vector<BlockWork> blocks;
  InstructionCounts instructions;  // executed in one call, without padding
  double cycles = 0;               // of one call; 0 without a core's timing
};

// `runs` must be complete before the pass runs. `timing` may be null. `functions` gets an element
// for each function, in the module's order. All must outlive the pass.
std::unique_ptr<llvm::Pass> make_work_pass(const BlockRunsMap& runs, CoreTiming* timing,
                                           std::vector<FunctionWork>& functions);

}  // namespace wattgrind
