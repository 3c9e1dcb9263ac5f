// What traced machine code and the program that runs it share.
//
// Before each instruction that touches memory stand moves that put its effective address and its
// kind at `next`; they change no flag, and the two registers they use are saved in the frame, for
// the stack below the stack pointer may be the kernel's (the red zone of the System V ABI, 3.2.2).
// At the top of each loop `next` is compared with `limit`; where there is no room left, and at the
// beginning of each function, the code leaves through `flush` with a return address.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wattgrind {

// One instruction's reference to memory, as the code writes it.
struct TraceRecord {
  uint64_t address = 0;
  uint16_t bytes = 0;
  bool is_read = false;
  bool is_write = false;  // with is_read: a value changed in place

  friend bool operator==(const TraceRecord&, const TraceRecord&) = default;
};
static_assert(sizeof(TraceRecord) == 16 && offsetof(TraceRecord, bytes) == 8 &&
              offsetof(TraceRecord, is_read) == 10 && offsetof(TraceRecord, is_write) == 11);

constexpr size_t kGeneralRegisters = 16;
constexpr size_t kVectorBytes = 32 * 64;  // AVX-512's
constexpr size_t kMaskRegisters = 8;

// Lies below 2^31, where an instruction can name it whatever the registers hold.
struct TraceFrame {
  TraceRecord* next = nullptr;
  TraceRecord* limit = nullptr;  // no room from here on for all a function writes between checks
  uint64_t flush = 0;            // address of the code that empties the buffer
  uint64_t resume = 0;           // where that goes on
  uint64_t function = 0;         // the one that runs, by position in the chain
  uint64_t saved_rax = 0, saved_rcx = 0;  // while a record is written, or room looked for

  // Only for the code at `flush`:
  uint64_t host_stack_pointer = 0;
  uint64_t general[kGeneralRegisters] = {};
  uint64_t masks[kMaskRegisters] = {};
  alignas(64) uint8_t vectors[kVectorBytes] = {};
};

}  // namespace wattgrind
