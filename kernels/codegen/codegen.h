// Machine code of loop nests, made with LLVM.
//
// What is promised about a function made from a nest:
//  - Its loads and stores are the nest's: one machine load for each kLoad and kBroadcast, one store
//    for each kStore, of the nest's width and in the nest's order. Nothing is vectorised, merged,
//    duplicated or invented. The exceptions: registers spilled to the stack where a nest has more
//    live values than the instruction set has registers, and what a native function's prologue
//    does.
//  - Constants are immediates: the code has no constant pool, and calls nothing.
//  - kReduceAdd and kReduceMax fold the upper half of the lanes onto the lower, again and again;
//    kMax is a > b ? a : b and kMin is a < b ? a : b (which settles NaN and signed zero).
//  - The processor's features follow from CodegenOptions alone, never from the host.
// kNeon is not generated.
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
};

// A function's place in its code.
struct CodeSymbol {
  std::string name;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

// Eight bytes of the text that are to hold an absolute address.
struct AddressFixup {
  uint64_t offset_bytes = 0;
  std::optional<uint64_t> target_offset_bytes;  // in the same text; absent: the continuation
};

struct MachineCode {
  std::vector<uint8_t> text;
  std::vector<CodeSymbol> functions;  // in the order they were asked for
  std::vector<AddressFixup> fixups;
};

// One C function `void f(void* const* buffers)` a nest, named after the nest. No fixups: the text
// runs at any address.
MachineCode generate_functions(std::span<const LoopNest* const> nests,
                               const CodegenOptions& options);

// One call of a nest on buffers at fixed addresses.
struct KernelCall {
  std::string symbol;  // any text without control characters
  const LoopNest* nest = nullptr;
  std::vector<uint64_t> buffer_addresses;  // one a buffer of the nest
};

// The calls as a chain: each function ends with a jump to the next one, the last with a jump to
// the continuation. No function touches the stack except to spill; the first starts at offset 0,
// and no register survives it.
MachineCode generate_chain(std::span<const KernelCall> calls, const CodegenOptions& options);

// The same chain, instruction for instruction, with code in between that writes down its
// references and disturbs nothing else (trace_frame.h). `frame_address`: of the TraceFrame, below
// 2^31.
struct TracedChain {
  MachineCode code;
  uint64_t most_records = 0;  // that a function writes between two checks for room
};
TracedChain generate_traced_chain(std::span<const KernelCall> calls, const CodegenOptions& options,
                                  uint64_t frame_address);

// Fills in the fixups of code that is to lie at `address`, and to go on at `continuation`.
void fill_addresses(MachineCode& code, uint64_t address, uint64_t continuation);

// Assembly text (AT&T syntax). Its one undefined symbol is `continuation`, for which it may name
// an address of 8 bytes.
MachineCode assemble(const std::string& source, Isa isa);

// Of the LLVM library that is loaded: "19.1.7".
std::string llvm_version();

}  // namespace wattgrind
