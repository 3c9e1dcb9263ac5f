// Turns an LLVM module into machine code: chooses the target machine of an instruction set and runs
// LLVM's passes.
#pragma once

#include <memory>
#include <string>

#include "kernels/codegen/codegen.h"

namespace llvm {
class Module;
class Pass;
class TargetMachine;
}  // namespace llvm

namespace wattgrind {

// The processor and features of an instruction set: x86-64-v2 for sse4.2, v3 for avx2 (FMA only
// where multiply and add are fused), v4 with 512-bit vectors for avx512; for neon any AArch64.
std::unique_ptr<llvm::TargetMachine> make_target_machine(const CodegenOptions& options);

// The target machine of a core, for its scheduling model: has_core_model() (machine_work.h).
std::unique_ptr<llvm::TargetMachine> make_core_machine(Isa isa, const std::string& llvm_cpu);

// The symbol that stands for the continuation (codegen.h).
inline constexpr const char* kContinuation = "continuation";

// Sets the module's target and compiles it: instruction selection, register allocation and
// emission, without any pass that works on IR. Functions keep the order of the module. `last_pass`,
// if any, sees the machine code as it is about to be emitted. `schedules`: instructions are put in
// an order in which the machine's processor waits less.
MachineCode compile(llvm::Module& module, llvm::TargetMachine& machine,
                    std::unique_ptr<llvm::Pass> last_pass = nullptr, bool schedules = false);

}  // namespace wattgrind
