// What traced machine code and the program that runs it, the host, share: a frame of fields and a
// buffer of records, which the code fills and the host drains.
//
//   records   | written | written | written | free | free | ... | free | ... | free |
//                                             ^ next              ^ limit
//
// A run goes in this order:
//   1. The host sets `limit` and `flush` once. Before each run it sets `next` to the first record;
//      then it jumps to the first function of the chain.
//   2. At its beginning each function writes its position to `function` and leaves through `flush`.
//   3. Before each instruction that touches memory the code writes a record at `next` and moves
//      `next` on. For that it saves two registers in the frame, because the stack below the stack
//      pointer may be the kernel's (the red zone of the System V ABI, 3.2.2).
//   4. At the top of each loop the code leaves through `flush` if `next` has reached `limit`.
//   5. To leave, the code stores where it goes on in `resume`. The code at `flush` saves all
//      registers in the frame and lets the host take the records and set `next` to the first; then
//      it restores the registers and jumps to `resume`.
//   6. When the chain has reached its continuation, the host takes the records that are left.
//
// What always holds:
//   1. The host alone sets `next` back and changes `limit` and `flush`; the code alone moves `next`
//      on and writes `resume` and `function`.
//   2. When the host drains, all records are of the function that ran until then; `function` is the
//      one that goes on.
//   3. From `limit` on there is room for all that a function writes between two checks.
//   4. What writes records changes no flag, and the code leaves only where no flag is in use.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wattgrind {

// One instruction's reference to memory, as the code writes it.
struct TraceRecord {
  uint64_t address = 0;
  uint16_t bytes = 0;
  bool is_read = false;
  bool is_write = false;  // together with is_read: the value is changed in place

  friend bool operator==(const TraceRecord&, const TraceRecord&) = default;
};
static_assert(sizeof(TraceRecord) == 16 && offsetof(TraceRecord, bytes) == 8 &&
              offsetof(TraceRecord, is_read) == 10 && offsetof(TraceRecord, is_write) == 11);

constexpr size_t kGeneralRegisters = 16;
constexpr size_t kVectorBytes = 32 * 64;  // AVX-512 has 32 registers of 64 bytes
constexpr size_t kMaskRegisters = 8;

// The frame lies below 2^31, where an instruction can name it whatever the registers hold.
struct TraceFrame {
  TraceRecord* next = nullptr;
  TraceRecord* limit = nullptr;
  uint64_t flush = 0;                     // the address of the code that empties the buffer
  uint64_t resume = 0;                    // the address where that code goes on
  uint64_t function = 0;                  // the position in the chain of the function that runs
  uint64_t saved_rax = 0, saved_rcx = 0;  // kept while the code writes a record or looks for room

  // These are for the way in and for the code at `flush` alone (kernels/trace/trace_entry.h).
  uint64_t host_stack_pointer = 0;
  uint64_t general[kGeneralRegisters] = {};
  uint64_t masks[kMaskRegisters] = {};
  alignas(64) uint8_t vectors[kVectorBytes] = {};
};

}  // namespace wattgrind
