// Tells machine instructions apart by what they ask of a core (estimator/counts/instructions.h).
#pragma once

#include "estimator/counts/instructions.h"

namespace llvm {
class MachineInstr;
class StringRef;
}  // namespace llvm

namespace wattgrind {

struct InstructionTraits {
  InstructionClass instruction_class = InstructionClass::kScalar;
  bool has_memory_operand = false;
  uint64_t vector_bits = 0;  // of its widest vector register; 0: it has none
};

// Whether it asks the caches for a line and does nothing else, by LLVM's name of it.
bool is_prefetch(llvm::StringRef name);
bool is_prefetch(const llvm::MachineInstr& instruction);

// Looks at LLVM's description of the instruction and at its name, which is the same in all of
// LLVM's tables, because LLVM's headers for targets are not installed with it.
InstructionTraits traits_of(const llvm::MachineInstr& instruction);

// How many instructions of the processor it becomes: 0 for what only tells LLVM something, and
// more than 1 for inline assembly of several lines.
uint64_t emitted_instructions(const llvm::MachineInstr& instruction);

// Counts the instruction `times` times.
void add(const InstructionTraits& traits, uint64_t times, InstructionCounts& counts);

}  // namespace wattgrind
