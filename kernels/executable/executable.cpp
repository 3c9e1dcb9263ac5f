#include "kernels/executable/executable.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <string>
#include <utility>

#include "estimator/base/error.h"
#include "kernels/executable/elf_image.h"

namespace wattgrind {
namespace {

// The usual place of a static executable's text on x86-64.
constexpr uint64_t kTextAddress = 0x400000;
// Valgrind reads the symbols of an executable only if one segment holds .data and .bss. The data is
// one word that nobody uses, at the far end of the stack, and the stack is the zeroed rest.
constexpr uint64_t kDataAddress = kStackAddress;
constexpr uint64_t kDataBytes = 8;
// Functions of separately compiled parts start at lines of the instruction cache.
constexpr uint64_t kPartAlignment = 64;

// The code that maps the arena, begins the chain of calls and, at its end, exits. The system
// refuses the arena rather than putting it over something. A system that does not know
// MAP_FIXED_NOREPLACE may put it elsewhere, which counts as a refusal too.
std::string start_up_assembly(const ExecutableSpec& spec) {
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
      fmt::arg("stack_pointer", kStackAddress + kStackPointerOffset), fmt::arg("mmap", SYS_mmap),
      fmt::arg("arena_address", spec.arena_address),
      fmt::arg("arena_bytes", std::max<uint64_t>(1, spec.arena_bytes)),
      fmt::arg("protection", PROT_READ | PROT_WRITE),
      fmt::arg("flags", MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE),
      fmt::arg("exit", SYS_exit));
}

uint64_t aligned(uint64_t bytes, uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// Adds code to the image's text, from offset `begin` on.
void append(ElfImage& image, const MachineCode& part, uint64_t begin) {
  image.text.resize(begin);
  image.text.insert(image.text.end(), part.text.begin(), part.text.end());
  for (CodeSymbol function : part.functions) {
    function.offset_bytes += begin;
    image.functions.push_back(std::move(function));
  }
}

uint64_t offset_of(const MachineCode& code, std::string_view name) {
  for (const CodeSymbol& function : code.functions) {
    if (function.name == name) return function.offset_bytes;
  }
  CHECK(false, "no function {}", name);
  return 0;
}

}  // namespace

std::vector<uint8_t> make_executable(const ExecutableSpec& spec) {
  CHECK(!spec.calls.empty(), "an executable without calls");
  MachineCode runtime = assemble(start_up_assembly(spec), spec.isa);
  MachineCode calls = generate_chain(spec.calls, {.isa = spec.isa});
  const uint64_t calls_begin = aligned(runtime.text.size(), kPartAlignment);
  fill_addresses(runtime, kTextAddress, kTextAddress + calls_begin);
  fill_addresses(calls, kTextAddress + calls_begin, kTextAddress + offset_of(runtime, "chain_end"));

  ElfImage image = {.text_address = kTextAddress,
                    .text = runtime.text,
                    .functions = {{std::string(kRuntimeSymbol), 0, runtime.text.size()}},
                    .data_address = kDataAddress,
                    .data = std::vector<uint8_t>(kDataBytes),
                    .zeroed_bytes = kStackBytes - kDataBytes};
  append(image, calls, calls_begin);
  return elf_file(image);
}

}  // namespace wattgrind
