// Makes machine code of loop nests, with LLVM.
//
// What is promised about a function made from a nest:
//  - Its loads and stores are the nest's: one machine load for each kLoad and kBroadcast, one store
//    for each kStore, of the nest's width and in the nest's order. Nothing is vectorised, merged,
//    duplicated or invented. There are two exceptions: registers are spilled to the stack where a
//    nest has more live values than the instruction set has registers, and a native function's
//    prologue saves registers.
//  - Constants are immediates: the code has no constant pool, and calls nothing.
//  - kIndexedLoad is a load from the row that the index names in a function, and from the assumed
//    row in a chain.
//  - kReduceAdd and kReduceMax fold the upper half of the lanes onto the lower, again and again;
//    kMax is a > b ? a : b and kMin is a < b ? a : b (which settles NaN and signed zero).
//  - The processor's features follow from CodegenOptions alone, never from the host.
//
// Nests become code in one of two shapes. Functions are called one by one, through pointers. A
// chain is functions that run one after the other without calls or a return address on the stack:
//
//   first function --jump--> second function --jump--> ... --jump--> continuation
//
// The continuation is whatever runs next, for instance code that exits. Its address and those of
// the other functions are not known when the code is made, so each is a fixup: a part of the text
// that fill_addresses() fills in once the code's place is known.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "estimator/base/isa.h"
#include "kernels/nest/nest.h"

namespace wattgrind {

struct CodegenOptions {
  Isa isa = Isa::kAvx2;
  bool fuse_multiply_add = false;  // only where the instruction set has FMA
  // Whether the processor adds products of bytes in one instruction: AVX-512 VNNI, AVX-VNNI, or of
  // kNeon the dot product of ARMv8.2.
  bool byte_dots = false;
  // Of kNeon: LLVM's name of a core that issues in order, for which instructions are put in an
  // order that waits less, as compilers for such cores do. Loads and stores stay in the nest's
  // order. Empty: arithmetic stays, too.
  std::string in_order_core = {};
};

// Where a function lies in the text.
struct CodeSymbol {
  std::string name;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

// How code names an address: by eight bytes that hold it, or, on AArch64, by the 26 bits of a
// branch that hold the distance to it in instructions, up to 128 MiB either way.
enum class FixupForm { kAddress, kBranch26 };

struct AddressFixup {
  uint64_t offset_bytes = 0;
  FixupForm form = FixupForm::kAddress;
  std::optional<uint64_t> target_offset_bytes;  // in the same text; absent: the continuation
};

struct MachineCode {
  std::vector<uint8_t> text;
  std::vector<CodeSymbol> functions;  // in the order they were asked for
  std::vector<AddressFixup> fixups;
};

// Makes a C function `void f(void* const* buffers)` of each nest, named after the nest. There are
// no fixups: the text runs at any address.
MachineCode generate_functions(std::span<const LoopNest* const> nests,
                               const CodegenOptions& options);

// One call of a nest on buffers at fixed addresses.
struct KernelCall {
  std::string symbol;  // any text without control characters
  const LoopNest* nest = nullptr;
  std::vector<uint64_t> buffer_addresses;  // of each of the nest's buffers, in their order
};

// Makes a chain of the calls. The first function starts at offset 0 of the text. No function
// touches the stack except to spill, and none keeps any register as it found it.
MachineCode generate_chain(std::span<const KernelCall> calls, const CodegenOptions& options);

// Makes the same chain, instruction for instruction, with code in between that writes down its
// references and disturbs nothing else (trace_frame.h), for an x86 instruction set. `frame_address`
// is where the TraceFrame lies, below 2^31.
struct TracedChain {
  MachineCode code;
  uint64_t most_records = 0;  // no function writes more between two checks for room
};
TracedChain generate_traced_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                                  uint64_t frame_address);

// Fills in the fixups of code that is to lie at `address` and go on at `continuation`. What
// branches name must lie within their reach.
void fill_addresses(MachineCode& code, uint64_t address, uint64_t continuation);

// Assembles text, of x86 in AT&T syntax. The one symbol it may leave undefined is `continuation`,
// which it may name in one of the fixups' forms.
MachineCode assemble(const std::string& source, Isa isa);

// The version of the LLVM library that is loaded: "19.1.7".
std::string llvm_version();

}  // namespace wattgrind
