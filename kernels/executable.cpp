#include "kernels/executable.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "estimator/error.h"
#include "kernels/elf_image.h"

namespace wattgrind {
namespace {

// The usual place of a static executable's text on x86-64.
constexpr uint64_t kTextAddress = 0x400000;
// The counter of passes takes the far end of the stack.
constexpr uint64_t kDataAddress = kStackAddress;
// Functions of separately compiled parts start at lines of the instruction cache.
constexpr uint64_t kPartAlignment = 64;

// Maps the arena, then begins the chain of calls as often as the counter at kDataAddress says. The
// arena is refused rather than put elsewhere or over something: an address other than the one asked
// for counts as a refusal, as from a kernel that does not know MAP_FIXED_NOREPLACE.
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
    1:
      movabsq $continuation, %rax
      jmp *%rax
    .size start_up, .-start_up
    .type pass_end, @function
    pass_end:
      decq {passes}
      jne 1b
      xorl %edi, %edi
    2:
      movl ${exit}, %eax
      syscall
    .size pass_end, .-pass_end
  )",
      fmt::arg("stack_pointer", kStackAddress + kStackPointerOffset), fmt::arg("mmap", SYS_mmap),
      fmt::arg("arena_address", spec.arena_address),
      fmt::arg("arena_bytes", std::max<uint64_t>(1, spec.arena_bytes)),
      fmt::arg("protection", PROT_READ | PROT_WRITE),
      fmt::arg("flags", MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE),
      fmt::arg("passes", kDataAddress), fmt::arg("exit", SYS_exit));
}

uint64_t aligned(uint64_t bytes, uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

void write_word(std::vector<uint8_t>& bytes, uint64_t offset, uint64_t word) {
  std::memcpy(bytes.data() + offset, &word, sizeof word);
}

// Adds code at an offset of the text.
void append(ExecutableCode& code, const MachineCode& part, uint64_t begin) {
  code.text.resize(begin);
  code.text.insert(code.text.end(), part.text.begin(), part.text.end());
  for (CodeSymbol function : part.functions) {
    function.offset_bytes += begin;
    code.functions.push_back(std::move(function));
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

ExecutableCode compile_executable(const ExecutableSpec& spec) {
  CHECK(!spec.calls.empty(), "an executable without calls");
  MachineCode runtime = assemble(start_up_assembly(spec), spec.isa);
  MachineCode calls = generate_chain(spec.calls, {.isa = spec.isa});
  const uint64_t calls_begin = aligned(runtime.text.size(), kPartAlignment);
  fill_addresses(runtime, kTextAddress, kTextAddress + calls_begin);
  fill_addresses(calls, kTextAddress + calls_begin, kTextAddress + offset_of(runtime, "pass_end"));

  ExecutableCode code;
  code.text = runtime.text;
  code.functions = {{std::string(kRuntimeSymbol), 0, runtime.text.size()}};
  append(code, calls, calls_begin);
  return code;
}

std::vector<uint8_t> link_executable(const ExecutableCode& code, uint64_t passes) {
  CHECK(passes > 0, "an executable of no passes");
  ElfImage image = {.text_address = kTextAddress,
                    .text = code.text,
                    .functions = code.functions,
                    .data_address = kDataAddress,
                    .data = std::vector<uint8_t>(sizeof passes)};
  write_word(image.data, 0, passes);
  image.zeroed_bytes = kStackBytes - image.data.size();
  return elf_file(image);
}

}  // namespace wattgrind
