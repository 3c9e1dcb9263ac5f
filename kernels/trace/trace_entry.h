// The way into traced machine code and out of it, in assembly: the code keeps none of the registers
// a C++ function must, has a stack of its own, and is left in the middle when the buffer is full.
#pragma once

#include <cstdint>

#include "kernels/codegen/codegen.h"
#include "kernels/codegen/trace_frame.h"

namespace wattgrind {

inline constexpr const char* kTraceEnter = "trace_enter";
inline constexpr const char* kTraceLeave = "trace_leave";
inline constexpr const char* kTraceFlush = "trace_flush";

// `void trace_enter(uint64_t code_address)` runs the chain there until it goes on at trace_leave,
// and returns.
using TraceEnter = void (*)(uint64_t code_address);

// Empties the buffer; false gives the trace up, and trace_enter returns.
using TraceDrain = bool (*)(void* context);

struct TraceEntrySpec {
  Isa isa = Isa::kAvx2;  // whose vector registers are kept while the buffer is emptied
  TraceFrame* frame = nullptr;
  uint64_t stack_pointer = 0;  // for the chain
  TraceDrain drain = nullptr;
  void* context = nullptr;
};

// The three functions. No fixups.
MachineCode assemble_trace_entry(const TraceEntrySpec& spec);

}  // namespace wattgrind
