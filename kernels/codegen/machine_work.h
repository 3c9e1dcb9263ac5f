// What the machine code of loop nests asks of a core: its instructions, counted exactly, and the
// cycles that a scheduling model of the core expects.
//
// A nest has no control flow that depends on data, so that every block of its code runs a number of
// times that is known when the code is made. The instructions of a call are those of its blocks
// times that number, with what pads the code between blocks where execution passes through it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/counts/counts.h"
#include "estimator/counts/instructions.h"
#include "kernels/codegen/codegen.h"

namespace wattgrind {

struct CoreModel {
  std::string llvm_cpu;  // LLVM's name of the core (-mcpu)
  // How many 512-bit floating-point operations it starts in a cycle, where LLVM's model of the core
  // has more units than the part at hand; absent: as LLVM says.
  std::optional<double> operations_512_per_cycle;
};

// Whether LLVM has a scheduling model of the core.
bool has_core_model(Isa isa, const std::string& llvm_cpu);

// Whether the core executes instructions out of their order, so that it goes on while memory is
// waited for. LLVM must have a model of it.
bool reorders_instructions(Isa isa, const std::string& llvm_cpu);

// Whether the core adds products of bytes in one instruction of the set
// (CodegenOptions::byte_dots).
bool has_byte_dots(Isa isa, const std::string& llvm_cpu);

// What one call of a nest does.
struct MachineWork {
  InstructionCounts instructions;
  // The loads and stores of its object code, read back instruction by instruction; a pair
  // (AArch64's ldp and stp) is two. Those on the stack, where registers were spilled, stand apart.
  References references, stack_references;
  std::optional<uint64_t>
      cycles;  // if every access hits the first level; absent: no core was given
};

// Makes a chain of the calls (generate_chain()) and returns what each does. Code for kNeon is made
// for this alone: where the core issues in order, for that core (CodegenOptions::in_order_core).
std::vector<MachineWork> machine_work(std::span<const KernelCall> calls,
                                      const CodegenOptions& options,
                                      const std::optional<CoreModel>& core);

}  // namespace wattgrind
