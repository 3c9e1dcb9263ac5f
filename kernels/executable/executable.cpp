#include "kernels/executable/executable.h"

#include <algorithm>
#include <string>
#include <utility>

#include "estimator/base/error.h"
#include "kernels/executable/elf_image.h"
#include "kernels/executable/start_up.h"

namespace wattgrind {
namespace {

// The usual place of a static executable's text.
constexpr uint64_t kTextAddress = 0x400000;
// Valgrind reads the symbols of an executable only if one segment holds .data and .bss. The data is
// one word that nobody uses, at the far end of the stack, and the stack is the zeroed rest.
constexpr uint64_t kDataAddress = kStackAddress;
constexpr uint64_t kDataBytes = 8;
// Functions of separately compiled parts start at lines of the instruction cache.
constexpr uint64_t kPartAlignment = 64;

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
  const StartUp begin = start_up(architecture_of(spec.isa), spec.arena_address,
                                 std::max<uint64_t>(1, spec.arena_bytes));
  MachineCode runtime = assemble(begin.assembly, spec.isa);
  MachineCode calls = generate_chain(spec.calls, {.isa = spec.isa});
  const uint64_t calls_begin = aligned(runtime.text.size(), kPartAlignment);
  fill_addresses(runtime, kTextAddress, kTextAddress + calls_begin);
  fill_addresses(calls, kTextAddress + calls_begin, kTextAddress + offset_of(runtime, "chain_end"));

  ElfImage image = {.machine = begin.elf_machine,
                    .page_bytes = begin.page_bytes,
                    .text_address = kTextAddress,
                    .text = runtime.text,
                    .functions = {{std::string(kRuntimeSymbol), 0, runtime.text.size()}},
                    .data_address = kDataAddress,
                    .data = std::vector<uint8_t>(kDataBytes),
                    .zeroed_bytes = kStackBytes - kDataBytes};
  append(image, calls, calls_begin);
  return elf_file(image);
}

}  // namespace wattgrind
