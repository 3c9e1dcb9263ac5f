// The way into traced machine code and out of it, in assembly. It is needed because traced code
// keeps none of the registers that a C++ function must, has a stack of its own, and is left in the
// middle when the buffer is full (trace_frame.h):
//
//   host (C++, its own stack)         traced chain (the chain's stack)
//   trace_enter ------------------->  first function
//   drain <------- trace_flush <----  no room, or a function begins
//         -------> trace_flush ---->  goes on at `resume`
//   trace_enter returns <-- trace_leave <-- the last function's continuation
#pragma once

#include <cstdint>

#include "kernels/codegen/codegen.h"
#include "kernels/codegen/trace_frame.h"

namespace wattgrind {

inline constexpr const char* kTraceEnter = "trace_enter";
inline constexpr const char* kTraceLeave = "trace_leave";
inline constexpr const char* kTraceFlush = "trace_flush";

// `void trace_enter(uint64_t code_address)` runs the chain at that address, whose continuation must
// be trace_leave, and returns when it is there.
using TraceEnter = void (*)(uint64_t code_address);

// Empties the buffer. If it returns false, the trace is given up: trace_enter returns at once.
using TraceDrain = bool (*)(void* context);

struct TraceEntrySpec {
  Isa isa = Isa::kAvx2;  // its vector registers are kept while the buffer is emptied
  TraceFrame* frame = nullptr;
  uint64_t stack_pointer = 0;  // the chain begins with it
  TraceDrain drain = nullptr;
  void* context = nullptr;
};

// Makes the three functions. They have no fixups.
MachineCode assemble_trace_entry(const TraceEntrySpec& spec);

}  // namespace wattgrind
