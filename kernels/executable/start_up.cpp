#include "kernels/executable/start_up.h"

#include <elf.h>
#include <sys/mman.h>

#include <string_view>

#include "estimator/base/error.h"
#include "kernels/layout/arena.h"

namespace wattgrind {
namespace {

// The system refuses the arena rather than putting it over something. A system that does not know
// MAP_FIXED_NOREPLACE may put it elsewhere, which counts as a refusal too. The numbers are the same
// on both families.
constexpr int kProtection = PROT_READ | PROT_WRITE;
constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;

// Numbers of system calls are those of the executable's system, not of this program's
// (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h of Linux).
std::string x86_assembly(uint64_t arena_address, uint64_t arena_bytes) {
  constexpr int kMmap = 9, kExit = 60;
  return fmt::format(
      R"(
    .type start_up, @function
    start_up:
      movl ${stack_pointer}, %esp
      movl ${mmap}, %eax
      movabsq ${arena_address}, %rdi
      movabsq ${arena_bytes}, %rsi
      movl ${protection}, %edx
      movl ${flags}, %r10d
      movq $-1, %r8
      xorl %r9d, %r9d
      syscall
      cmpq %rdi, %rax
      movl $1, %edi
      jne 2f
      movabsq $continuation, %rax
      jmp *%rax
    .size start_up, .-start_up
    .type chain_end, @function
    chain_end:
      xorl %edi, %edi
    2:
      movl ${exit}, %eax
      syscall
    .size chain_end, .-chain_end
  )",
      fmt::arg("stack_pointer", kStackAddress + kStackPointerOffset), fmt::arg("mmap", kMmap),
      fmt::arg("arena_address", arena_address), fmt::arg("arena_bytes", arena_bytes),
      fmt::arg("protection", kProtection), fmt::arg("flags", kFlags), fmt::arg("exit", kExit));
}

// Puts a constant in a register, sixteen bits an instruction.
std::string aarch64_move(std::string_view reg, uint64_t value) {
  std::string text = fmt::format("movz {}, #{}\n", reg, value & 0xffff);
  for (unsigned shift = 16; shift < 64; shift += 16) {
    text += fmt::format("movk {}, #{}, lsl #{}\n", reg, value >> shift & 0xffff, shift);
  }
  return text;
}

// The stack pointer is a multiple of 16 always (AAPCS64, 6.4.5.1).
std::string aarch64_assembly(uint64_t arena_address, uint64_t arena_bytes) {
  constexpr uint64_t kMmap = 222, kExit = 93;
  return fmt::format(
      R"(
    .type start_up, %function
    start_up:
      {stack_pointer}
      mov sp, x9
      {arena_address}
      mov x0, x9
      {arena_bytes}
      {protection}
      {flags}
      mov x4, #-1
      mov x5, #0
      {mmap}
      svc #0
      cmp x0, x9
      mov x0, #1
      b.ne 2f
      b continuation
    .size start_up, .-start_up
    .type chain_end, %function
    chain_end:
      mov x0, #0
    2:
      {exit}
      svc #0
    .size chain_end, .-chain_end
  )",
      fmt::arg("stack_pointer", aarch64_move("x9", kStackAddress + kStackBytes)),
      fmt::arg("arena_address", aarch64_move("x9", arena_address)),
      fmt::arg("arena_bytes", aarch64_move("x1", arena_bytes)),
      fmt::arg("protection", aarch64_move("x2", static_cast<uint64_t>(kProtection))),
      fmt::arg("flags", aarch64_move("x3", static_cast<uint64_t>(kFlags))),
      fmt::arg("mmap", aarch64_move("x8", kMmap)), fmt::arg("exit", aarch64_move("x8", kExit)));
}

}  // namespace

StartUp start_up(Architecture architecture, uint64_t arena_address, uint64_t arena_bytes) {
  constexpr uint64_t kX86Page = 4096, kAarch64Page = 64 * 1024;
  if (architecture == Architecture::kAarch64) {
    return {EM_AARCH64, kAarch64Page, aarch64_assembly(arena_address, arena_bytes)};
  }
  return {EM_X86_64, kX86Page, x86_assembly(arena_address, arena_bytes)};
}

}  // namespace wattgrind
