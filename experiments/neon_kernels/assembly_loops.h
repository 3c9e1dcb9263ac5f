// Loops in the text of AArch64 machine code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wattgrind {

struct AssemblyInstruction {
  uint64_t address = 0;
  std::string text;  // "fmla v0.4s, v1.4s, v2.s[0]"

  bool is_multiply_add() const { return text.starts_with("fmla"); }
};

// Reads what `llvm-objdump -d --no-show-raw-insn` prints; lines of anything else are left out.
std::vector<AssemblyInstruction> parse_disassembly(std::string_view printed);

// The bodies of the loops that hold no other loop: from where a branch goes back to, to that
// branch.
std::vector<std::vector<AssemblyInstruction>> innermost_loops(
    const std::vector<AssemblyInstruction>& code);

// The innermost loop with the most fused multiply-adds of vectors; empty where none has any.
std::vector<AssemblyInstruction> hottest_loop(const std::vector<AssemblyInstruction>& code);

uint64_t multiply_adds(const std::vector<AssemblyInstruction>& code);
uint64_t loads(const std::vector<AssemblyInstruction>& code);

}  // namespace wattgrind
